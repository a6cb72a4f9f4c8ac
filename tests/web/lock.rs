use crate::{
    inbox::{Arrival, Inbox, LOCK},
    stand_in::{StandIn, js, pause},
};
use js_sys::{Array, Promise};
use pixie_auth::{
    core::machines::io::Lock,
    web::lock::{self, Locks},
};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;

fn locks() -> (Locks, Inbox<Arrival>) {
    let told = Inbox::default();
    (Locks::new(&told.address()), told)
}

/// What is told next, and of which request.
async fn next(told: &Inbox<Arrival>) -> (u32, Lock) {
    let arrival = told.take().await;
    assert_eq!(arrival.what, LOCK);
    (arrival.op, lock::standing(arrival.number))
}

/// Long enough for the host to grant what it can grant, and for what is released to be free.
async fn nothing_more(told: &Inbox<Arrival>) {
    pause(200).await;
    assert_eq!(told.len(), 0);
}

/// The names of the locks that are held and waited for in this origin.
async fn held_and_waiting(name: &str) -> (usize, usize) {
    let count = format!(
        "navigator.locks.query().then((all) => [all.held, all.pending].map((some) => some.filter(({{ name }}) => name === '{name}').length))"
    );
    let counts = js(&count).unchecked_into::<Promise>().await.unwrap().unchecked_into::<Array>();
    let at = |index| counts.get(index).as_f64().unwrap() as usize;
    (at(0), at(1))
}

#[wasm_bindgen_test]
async fn lock_that_nobody_has_is_granted_and_held_until_it_is_released() {
    let (locks, told) = locks();
    locks.request(7, "free", false);
    assert_eq!(next(&told).await, (7, Lock::Granted));
    assert_eq!(held_and_waiting("free").await, (1, 0));
    locks.release(7);
    nothing_more(&told).await;
    assert_eq!(held_and_waiting("free").await, (0, 0));
}

#[wasm_bindgen_test]
async fn lock_that_another_has_is_granted_when_it_is_given_back() {
    let ((first, first_told), (second, second_told)) = (locks(), locks());
    first.request(1, "taken", false);
    assert_eq!(next(&first_told).await, (1, Lock::Granted));
    second.request(2, "taken", false);
    second.request(3, "another", false);
    assert_eq!(next(&second_told).await, (3, Lock::Granted), "one of another name is free");
    nothing_more(&second_told).await;
    first.release(1);
    assert_eq!(next(&second_told).await, (2, Lock::Granted));
    second.close();
    assert_eq!(first_told.len(), 0);
}

#[wasm_bindgen_test]
async fn lock_that_was_held_for_a_while_is_free_when_what_was_written_under_it_has_arrived() {
    for (held, least) in [(60, 95.0), (0, 0.0)] {
        let ((first, first_told), (second, second_told)) = (locks(), locks());
        first.request(1, "written under", false);
        assert_eq!(next(&first_told).await, (1, Lock::Granted));
        second.request(2, "written under", false);
        if held > 0 {
            pause(held).await;
        }
        let released_at = js("performance.now()").as_f64().unwrap();
        first.release(1);
        assert_eq!(next(&second_told).await, (2, Lock::Granted));
        assert!(js("performance.now()").as_f64().unwrap() - released_at > least);
        second.close();
        pause(200).await;
    }
}

#[wasm_bindgen_test]
async fn lock_that_is_waited_for_and_released_is_never_granted() {
    let ((first, first_told), (second, second_told)) = (locks(), locks());
    first.request(1, "cancelled", false);
    assert_eq!(next(&first_told).await, (1, Lock::Granted));
    second.request(2, "cancelled", false);
    second.release(2);
    nothing_more(&second_told).await;
    assert_eq!(held_and_waiting("cancelled").await, (1, 0));
    first.release(1);
    nothing_more(&second_told).await;
    assert_eq!(held_and_waiting("cancelled").await, (0, 0));
}

#[wasm_bindgen_test]
async fn lock_that_is_stolen_is_lost_once_and_granted_to_the_thief() {
    let ((first, first_told), (second, second_told)) = (locks(), locks());
    first.request(1, "stolen", false);
    assert_eq!(next(&first_told).await, (1, Lock::Granted));
    second.request(2, "stolen", true);
    assert_eq!(next(&second_told).await, (2, Lock::Granted));
    assert_eq!(next(&first_told).await, (1, Lock::Lost));
    first.release(1);
    nothing_more(&first_told).await;
    assert_eq!(held_and_waiting("stolen").await, (1, 0), "what is lost cannot be given back");
    second.release(2);
    nothing_more(&second_told).await;
    assert_eq!(held_and_waiting("stolen").await, (0, 0));
}

#[wasm_bindgen_test]
async fn lock_that_is_stolen_and_released_before_it_is_granted_is_given_back_in_silence() {
    let (locks, told) = locks();
    locks.request(1, "regretted", true);
    locks.release(1);
    nothing_more(&told).await;
    assert_eq!(held_and_waiting("regretted").await, (0, 0));
}

#[wasm_bindgen_test]
async fn lock_that_is_released_may_be_asked_for_again() {
    let (locks, told) = locks();
    for op in 1..=3 {
        locks.request(op, "again", op == 2);
        assert_eq!(next(&told).await, (op, Lock::Granted));
        locks.release(op);
        locks.release(op);
    }
    nothing_more(&told).await;
}

#[wasm_bindgen_test]
async fn host_without_locks_says_unavailable() {
    for navigator in ["{ value: undefined }", "{ value: {} }", "{ value: { locks: {} } }"] {
        let _stand_in = StandIn::new("globalThis", "navigator", navigator);
        let (locks, told) = locks();
        for (op, steal) in [(1, false), (2, true)] {
            locks.request(op, "absent", steal);
            assert_eq!(next(&told).await, (op, Lock::Unavailable), "{navigator}");
        }
        nothing_more(&told).await;
    }
}

#[wasm_bindgen_test]
async fn host_that_refuses_a_lock_says_unavailable() {
    for request in [
        "() => { throw new DOMException('', 'InvalidStateError') }",
        "async () => { throw new DOMException('', 'SecurityError') }",
        "async () => { throw new DOMException('', 'AbortError') }",
        "() => Promise.reject()",
        "() => undefined",
    ] {
        let _stand_in =
            StandIn::new("globalThis", "navigator", &format!("{{ value: {{ locks: {{ request: {request} }} }} }}"));
        let (locks, told) = locks();
        locks.request(4, "refused", false);
        assert_eq!(next(&told).await, (4, Lock::Unavailable), "{request}");
        locks.release(4);
        nothing_more(&told).await;
    }
}

#[wasm_bindgen_test]
async fn close_releases_what_is_held_and_waited_for_and_tells_nothing() {
    js("globalThis.unhandled = []");
    js("globalThis.heed = ({ reason }) => unhandled.push(String(reason))");
    js("addEventListener('unhandledrejection', heed)");
    let ((first, first_told), (second, second_told)) = (locks(), locks());
    first.request(1, "closed", false);
    assert_eq!(next(&first_told).await, (1, Lock::Granted));
    second.request(2, "closed", false);
    second.request(3, "closed too", false);
    assert_eq!(next(&second_told).await, (3, Lock::Granted));
    second.close();
    first.close();
    first.close();
    first.release(1);
    nothing_more(&first_told).await;
    nothing_more(&second_told).await;
    assert_eq!((held_and_waiting("closed").await, held_and_waiting("closed too").await), ((0, 0), (0, 0)));
    assert_eq!(js("unhandled.join()").as_string().unwrap(), "");
    js("removeEventListener('unhandledrejection', heed)");
    js("delete globalThis.unhandled && delete globalThis.heed");
}
