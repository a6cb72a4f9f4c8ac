//! What belongs to the final artefact and not to a library: the allocator, and what a panic does.

use crate::allocator::Shelves;

#[global_allocator]
static ALLOCATOR: Shelves = Shelves::new();

/// A panic is a bug, and there is nobody to read its message: it traps, and what would format it stays out.
#[panic_handler]
fn trap(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
