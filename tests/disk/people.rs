//! Who holds locks in these tests.

use annals::vocabulary::{Author, Holder, Timestamp};

pub(crate) fn holder(user: &str) -> Holder {
    let by = Author {
        user: user.to_owned(),
        host: "mill".to_owned(),
        pid: 4711,
        program: "agent".to_owned(),
        version: "1.0.0".to_owned(),
    };
    Holder { by, since: Timestamp::EPOCH }
}
