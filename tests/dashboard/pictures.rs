//! The pictures of docs/dashboard.md. `tools/screenshots` names the folder that they go to, and has
//! the traffic last as long as the charts show; otherwise they are only taken, not kept.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::page::{Page, Theme};
use crate::stage::Stage;
use crate::tales;

/// Says where the pictures go.
const FOLDER: &str = "ANNALS_SCREENSHOTS";

/// As long as the shortest window of the charts.
const FULL: Duration = Duration::from_secs(300);
/// Enough for a few points.
const SHORT: Duration = Duration::from_secs(3);

const WIDTH: u32 = 1280;
const PHONE_WIDTH: u32 = 360;
/// A picture of less shows nothing.
const BYTES_MIN: usize = 8_000;

fn take(page: &mut Page, name: &str, folder: Option<&Path>) {
    page.wait_until("document.querySelector('#live').textContent === 'Live'");
    let picture = page.picture();
    assert!(picture.starts_with(b"\x89PNG"), "{name}");
    assert!(picture.len() > BYTES_MIN, "{name}: {} bytes", picture.len());
    if let Some(folder) = folder {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }
}

#[test]
fn a_busy_store_can_be_shown_in_both_themes_and_on_a_phone() {
    let folder = std::env::var_os(FOLDER).map(PathBuf::from);
    let stage = Stage::with_tales();
    tales::traffic(&stage, if folder.is_some() { FULL } else { SHORT });
    let mut page = Page::of(&stage.origin);
    page.set_size(WIDTH, 900);
    page.prefer(Theme::Light);
    page.open("/");
    page.wait_until("document.querySelector('#latency path.line') !== null");
    take(&mut page, "light", folder.as_deref());

    page.open("/sessions/frost-warnings?at=5");
    take(&mut page, "session", folder.as_deref());

    stage.damage("css-grid", "runs out of the page");
    page.prefer(Theme::Dark);
    page.open("/");
    page.wait_until("document.querySelector('.alerts')?.innerText.includes('Corrupted sessions')");
    take(&mut page, "dark", folder.as_deref());

    page.set_size(PHONE_WIDTH, 780);
    page.open("/");
    take(&mut page, "phone", folder.as_deref());
    page.assert_quiet();
}
