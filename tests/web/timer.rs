use crate::{
    inbox::{Arrival, Inbox, TIMER},
    stand_in::{Time, pause},
};
use pixie_auth::web::{clock, timer::Timer};
use wasm_bindgen_test::wasm_bindgen_test;

/// A timer, and its calls.
fn timer() -> (Timer, Inbox<Arrival>) {
    let calls = Inbox::default();
    (Timer::new(&calls.address()), calls)
}

fn now() -> f64 {
    clock::now().0 as f64
}

#[wasm_bindgen_test]
async fn timer_fires_once_and_not_early() {
    let (timer, calls) = timer();
    let deadline = now() + 20.0;
    timer.arm(Some(deadline));
    assert_eq!(calls.take().await.what, TIMER);
    assert!(now() >= deadline);
    pause(20).await;
    assert_eq!(calls.len(), 0);
}

#[wasm_bindgen_test]
async fn timer_that_is_armed_again_fires_for_the_new_deadline_alone() {
    let (timer, calls) = timer();
    timer.arm(Some(now() + 5.0));
    let deadline = now() + 40.0;
    timer.arm(Some(deadline));
    calls.take().await;
    assert!(now() >= deadline);
    assert_eq!(calls.len(), 0);
}

#[wasm_bindgen_test]
async fn timer_that_is_armed_for_nothing_does_not_fire() {
    let (timer, calls) = timer();
    timer.arm(Some(now() + 5.0));
    timer.arm(None);
    timer.arm(None);
    pause(30).await;
    assert_eq!(calls.len(), 0);
}

#[wasm_bindgen_test]
async fn timer_for_a_deadline_that_has_passed_fires_soon_but_not_at_once() {
    for deadline in [0.0, now() - 1.0, now()] {
        let (timer, calls) = timer();
        timer.arm(Some(deadline));
        assert_eq!(calls.len(), 0, "whoever arms it is not called from within");
        calls.take().await;
    }
}

#[wasm_bindgen_test]
async fn timer_for_a_far_deadline_looks_again_each_minute_and_does_not_overflow() {
    let time = Time::stand_still();
    for years in [1.0, 10.0, 1e6, 1e300] {
        let (timer, calls) = timer();
        timer.arm(Some(now() + years * 365.0 * 86_400_000.0));
        assert_eq!((time.timers(), time.next_timer()), (1, 60_000.0));
        time.advance(59_999).await;
        assert_eq!(calls.len(), 0);
        time.advance(1).await;
        assert_eq!(calls.len(), 1, "to ask the wall clock again");
    }
}

#[wasm_bindgen_test]
async fn timer_does_not_wait_longer_because_the_clock_is_set_back() {
    let time = Time::stand_still();
    let (timer, calls) = timer();
    timer.arm(Some(now() + 30_000.0));
    time.jump(-86_400_000.0);
    time.advance(86_400_000).await;
    assert_eq!(calls.len(), 1);
}

#[wasm_bindgen_test]
async fn timers_of_two_clients_do_not_disturb_each_other() {
    let ((first, first_calls), (second, second_calls)) = (timer(), timer());
    first.arm(Some(now() + 5.0));
    second.arm(Some(now() + 10.0));
    first.arm(None);
    second_calls.take().await;
    assert_eq!(first_calls.len(), 0);
}
