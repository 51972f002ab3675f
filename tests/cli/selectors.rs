//! What stands for a session on the command line.

use crate::sandbox::Sandbox;

fn two_sessions() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "alpha-one", "--name", "Same"]);
    sandbox.ok(&["create", "--id", "alpha-two", "--name", "Other name"]);
    sandbox
}

#[test]
fn a_session_goes_by_id_prefix_name_and_last() {
    let sandbox = two_sessions();
    for (selector, id) in [
        ("alpha-one", "alpha-one"),
        ("alpha-o", "alpha-one"),
        ("Same", "alpha-one"),
        ("Other name", "alpha-two"),
        ("@last", "alpha-two"),
    ] {
        assert_eq!(sandbox.show(selector)["id"], id, "{selector}");
    }
}

#[test]
fn an_ambiguous_prefix_lists_its_candidates() {
    let sandbox = two_sessions();
    let ran = sandbox.run(&["show", "alpha"]).expect(4);
    assert!(ran.stdout.is_empty());
    assert!(ran.stderr.contains("\n  alpha-one\n  alpha-two\n"), "{ran:?}");
    let error = sandbox.run(&["--json", "show", "alpha"]).expect(4).error();
    assert_eq!(error["kind"], "ambiguous");
    assert_eq!(error["candidates"], serde_json::json!(["alpha-one", "alpha-two"]));
}

#[test]
fn an_ambiguous_name_lists_its_candidates() {
    let sandbox = two_sessions();
    sandbox.ok(&["rename", "alpha-two", "Same"]);
    sandbox.run(&["show", "Same"]).expect(4);
}

#[test]
fn a_prefix_needs_four_characters() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "unique"]);
    assert_eq!(sandbox.show("uniq")["id"], "unique");
    let ran = sandbox.run(&["show", "uni"]).expect(3);
    assert!(ran.stderr.contains("4 characters"), "{ran:?}");
}

#[test]
fn an_id_goes_before_a_name_that_looks_like_it() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["create", "--id", "one", "--name", "two"]);
    sandbox.ok(&["create", "--id", "two", "--name", "one"]);
    assert_eq!(sandbox.show("one")["id"], "one");
}

#[test]
fn an_empty_store_has_no_last_session() {
    Sandbox::new().run(&["show", "@last"]).expect(3);
}
