//! The allocator of the npm package's module.
//!
//! It is made for short texts, few of them and many secrets among them: what is given back is overwritten with zeros,
//! so that [`Secret`](crate::core::words::secret::Secret) need not do it here, and a text that grew leaves no beginning
//! behind. Blocks are as large as a power of two, and each size has a list of those that were given back. They are
//! never joined or split: what was in use at once of each size is what stays.

#![allow(unsafe_code)] // It hands out memory.

use core::{
    alloc::{GlobalAlloc, Layout},
    cell::UnsafeCell,
    ptr,
};

/// The unit in which memory grows.
const PAGE: usize = 65_536;
/// The least block: two to this power, and what every block's address is a multiple of.
const LEAST: u32 = 4;

/// An allocator without any memory yet.
pub(crate) struct Shelves(UnsafeCell<Blocks>);

struct Blocks {
    /// The first free block of each size, which holds the address of the next one.
    free: [*mut u8; 32],
    /// The memory that was never given out, up to `end`.
    fresh: usize,
    end: usize,
}

// SAFETY: wasm32 without threads has one thread; each of the tests has an allocator of its own.
unsafe impl Sync for Shelves {}

/// The shelf for so many bytes: its blocks are as large as two to this power.
const fn shelf(size: usize) -> usize {
    (31 & (usize::BITS - (size.saturating_sub(1) | ((1 << LEAST) - 1)).leading_zeros())) as usize
}

/// More memory, behind what there is: where it begins, in pages.
#[cfg(target_arch = "wasm32")]
fn grow(pages: usize) -> Option<usize> {
    match core::arch::wasm32::memory_grow(0, pages) {
        usize::MAX => None,
        before => Some(before),
    }
}

impl Shelves {
    pub(crate) const fn new() -> Self {
        Self(UnsafeCell::new(Blocks { free: [ptr::null_mut(); 32], fresh: 0, end: 0 }))
    }
}

// SAFETY: a block that is given out is on no list, beside every other block, and as large as its shelf says. It begins
// at a multiple of 16, and whoever asks for more gets none. Every size up to `isize::MAX` has its shelf.
unsafe impl GlobalAlloc for Shelves {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: one thread, and nothing here allocates: this is the only reference.
        let blocks = unsafe { &mut *self.0.get() };
        let shelf = shelf(layout.size());
        if let Some(free) = blocks.free.get_mut(shelf)
            && !free.is_null()
        {
            let block = *free;
            // SAFETY: a block on a list holds the address of the next one, or null.
            *free = unsafe { *block.cast() };
            return block;
        }
        let size = 1 << shelf;
        if blocks.end - blocks.fresh < size {
            let pages = size / PAGE + 1;
            let Some(begin) = grow(pages) else { return ptr::null_mut() };
            // Whoever else made the memory grow has what is between.
            if begin * PAGE != blocks.end {
                blocks.fresh = begin * PAGE;
            }
            blocks.end = (begin + pages) * PAGE;
        }
        let block = blocks.fresh;
        blocks.fresh += size;
        ptr::with_exposed_provenance_mut(block)
    }

    #[inline(never)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let shelf = shelf(layout.size());
        // SAFETY: one thread, and nothing here allocates. The caller has no use for the block any more.
        unsafe {
            block.write_bytes(0, 1 << shelf);
            if let Some(free) = (&mut *self.0.get()).free.get_mut(shelf) {
                *block.cast() = *free;
                *free = block;
            }
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if shelf(layout.size()) == shelf(size) {
            return block;
        }
        // SAFETY: what the caller promises is what is promised here, and both blocks hold what is copied.
        unsafe {
            let other = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !other.is_null() {
                other.copy_from_nonoverlapping(block, layout.size().min(size));
                self.dealloc(block, layout);
            }
            other
        }
    }
}

/// Memory of the machine that runs the tests.
#[cfg(not(target_arch = "wasm32"))]
fn grow(pages: usize) -> Option<usize> {
    let memory = std::vec![0_u8; (pages + 1) * PAGE].leak();
    Some(memory.as_mut_ptr().expose_provenance().div_ceil(PAGE))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[allow(clippy::undocumented_unsafe_blocks)] // Each is what is tested.
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};
    use std::vec::Vec;

    fn layout(size: usize) -> Layout {
        Layout::from_size_align(size, 8).unwrap()
    }

    /// A block and what was written into it.
    struct Block {
        at: *mut u8,
        size: usize,
        byte: u8,
    }

    impl Block {
        fn new(shelves: &Shelves, size: usize, byte: u8) -> Self {
            let at = unsafe { shelves.alloc(layout(size)) };
            assert_eq!(at.addr() % 16, 0);
            unsafe { at.write_bytes(byte, size) };
            Self { at, size, byte }
        }

        fn bytes(&self) -> &[u8] {
            unsafe { core::slice::from_raw_parts(self.at, self.size) }
        }

        /// As large as `size`; what fits is still there, and the rest is written anew.
        fn resize(&mut self, shelves: &Shelves, size: usize) {
            self.at = unsafe { shelves.realloc(self.at, layout(self.size), size) };
            let kept = self.size.min(size);
            self.size = size;
            assert!(self.bytes()[..kept].iter().all(|byte| *byte == self.byte));
            unsafe { self.at.write_bytes(self.byte, size) };
        }

        fn free(self, shelves: &Shelves) {
            unsafe { shelves.dealloc(self.at, layout(self.size)) };
        }
    }

    proptest! {
        #[test]
        fn blocks_of_any_sizes_keep_what_is_written(steps in vec((0..4_u8, 1..70_000_usize, any::<usize>()), 1..60)) {
            let shelves = Shelves::new();
            let mut blocks: Vec<Block> = Vec::new();
            for (index, (step, size, which)) in steps.into_iter().enumerate() {
                let size = if which % 8 > 0 { size % 300 + 1 } else { size };
                match (step, blocks.len()) {
                    (0 | 1, _) | (_, 0) => blocks.push(Block::new(&shelves, size, index as u8)),
                    (2, length) => blocks[which % length].resize(&shelves, size),
                    (_, length) => blocks.swap_remove(which % length).free(&shelves),
                }
                for block in &blocks {
                    prop_assert!(block.bytes().iter().all(|byte| *byte == block.byte));
                }
            }
        }
    }

    #[test]
    fn block_that_was_given_back_is_given_again_and_holds_nothing_but_an_address() {
        let shelves = Shelves::new();
        let (first, second) = (Block::new(&shelves, 100, 7), Block::new(&shelves, 128, 7));
        let places = [first.at, second.at];
        first.free(&shelves);
        // A text that was cut short in its block, too.
        let mut second = second;
        second.resize(&shelves, 65);
        second.free(&shelves);
        for place in places {
            let block = unsafe { core::slice::from_raw_parts(place, 128) };
            assert!(block[size_of::<usize>()..].iter().all(|byte| *byte == 0));
        }
        let again = Block::new(&shelves, 70, 1);
        assert_eq!(again.at, places[1]);
    }

    #[test]
    fn shelf_holds_what_is_put_on_it_and_is_the_least_that_does() {
        for size in [0, 1, 15, 16, 17, 31, 32, 33, 65_535, 65_536, 65_537, 1 << 30] {
            let block = 1_usize << shelf(size);
            assert!(block >= size && block >= 16 && (block == 16 || block / 2 < size), "{size}");
        }
    }
}
