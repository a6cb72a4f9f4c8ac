//! What is found in a storage: a session, a login, the list of logins, the journal. Whatever wrote it, what is read is
//! what is written again.

use pixie_auth::{
    UnixMillis,
    core::memory::{
        journal::Journal,
        record,
        transaction::{Login, Logins},
    },
};

pub fn run(stored: &str) {
    if let Some(tokens) = record::read(stored) {
        assert!(!record::is_foreign(stored));
        assert!(!tokens.access_token.expose().is_empty());
        assert_eq!(record::read(record::write(&tokens).expose()).as_ref(), Some(&tokens));
        assert!(tokens.generation() < 1 << 48);
    }
    if let Some(login) = Login::read(stored) {
        let written = login.write();
        let again = Login::read(written.expose()).expect("what was written is read");
        assert_eq!(again.write(), written);
        if let (Login::Open(one), Login::Open(other)) = (&login, &again) {
            assert_eq!(one.verifier.expose(), other.verifier.expose());
            assert_eq!((&one.nonce, &one.redirect_uri, &one.scope), (&other.nonce, &other.redirect_uri, &other.scope));
            assert_eq!((one.max_age, &one.app_state), (other.max_age, &other.app_state));
        }
    }
    if let Some(journal) = Journal::read(stored) {
        assert_eq!(Journal::read(&journal.write()).as_ref(), Some(&journal));
        assert!(journal.failures <= 99);
    }
    let count = |list: &str| list.split('&').count();
    let mut logins = Logins::read(stored.into());
    let mut left = count(stored);
    while logins.forget(UnixMillis(1_700_000_000_000)).is_some() {
        left -= 1;
    }
    let mut list = logins.write().expose().to_owned();
    assert!(stored.ends_with(&list) && count(&list) == left && left <= 16, "{left}");
    let mut logins = Logins::read(std::mem::take(&mut list));
    logins.add("state", UnixMillis(1_700_000_000_000));
    assert!(logins.write().expose().ends_with("state=1700000000000"));
}
