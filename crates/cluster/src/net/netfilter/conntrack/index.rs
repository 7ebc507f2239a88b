//! A hash index from tuples to slots: open addressing with linear probing, fixed hash. The sets and
//! maps of nf_tables are found by it too.
//!
//! It is written here, and not taken from a map type, because each entry has two keys that the
//! slab holds already, and because cloning it is one copy of one flat buffer.

use std::net::IpAddr;

use super::entry::Direction;
use crate::net::Tuple;

#[derive(Clone, Debug, Default)]
pub(in crate::net::netfilter) struct Index {
    /// A power of two of them; at least half are free.
    cells: Vec<Cell>,
    used: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    hash: u32,
    /// Slot and direction, plus one; 0: empty.
    slot: u32,
}

impl Cell {
    fn new(hash: u32, slot: u32, direction: Direction) -> Cell {
        Cell { hash, slot: (slot << 1 | u32::from(direction == Direction::Reply)) + 1 }
    }

    fn get(self) -> (u32, Direction) {
        let packed = self.slot - 1;
        (packed >> 1, if packed & 1 == 0 { Direction::Original } else { Direction::Reply })
    }
}

impl Index {
    /// The first slot on the tuple's path that `is_it` accepts.
    #[inline]
    pub fn find(&self, tuple: &Tuple, is_it: impl Fn(u32, Direction) -> bool) -> Option<(u32, Direction)> {
        if self.cells.is_empty() {
            return None;
        }
        let hash = hash(tuple);
        let mask = self.mask();
        let mut at = hash & mask;
        loop {
            let cell = self.cells[at as usize];
            if cell.slot == 0 {
                return None;
            }
            if cell.hash == hash {
                let (slot, direction) = cell.get();
                if is_it(slot, direction) {
                    return Some((slot, direction));
                }
            }
            at = (at + 1) & mask;
        }
    }

    /// Err: a slot on the tuple's path that `is_another` accepts; nothing is inserted then.
    pub fn insert(
        &mut self,
        slot: u32,
        tuple: &Tuple,
        direction: Direction,
        is_another: impl Fn(u32, Direction) -> bool,
    ) -> Result<(), u32> {
        // At most half are in use: paths stay short.
        if (self.used as usize + 1) * 2 > self.cells.len() {
            self.grow();
        }
        let cell = Cell::new(hash(tuple), slot, direction);
        let mask = self.mask();
        let mut at = cell.hash & mask;
        while self.cells[at as usize].slot != 0 {
            if self.cells[at as usize].hash == cell.hash {
                let (slot, direction) = self.cells[at as usize].get();
                if is_another(slot, direction) {
                    return Err(slot);
                }
            }
            at = (at + 1) & mask;
        }
        self.cells[at as usize] = cell;
        self.used += 1;
        Ok(())
    }

    pub fn remove(&mut self, slot: u32, tuple: &Tuple, direction: Direction) {
        if self.cells.is_empty() {
            return;
        }
        let wanted = Cell::new(hash(tuple), slot, direction);
        let mask = self.mask();
        let mut at = wanted.hash & mask;
        while self.cells[at as usize].slot != wanted.slot {
            if self.cells[at as usize].slot == 0 {
                return;
            }
            at = (at + 1) & mask;
        }
        self.used -= 1;
        self.close_gap(at);
    }

    /// Moves the cells behind a removed one up, so that no path is broken (Knuth, 6.4, algorithm R).
    fn close_gap(&mut self, mut gap: u32) {
        let mask = self.mask();
        let mut at = gap;
        loop {
            at = (at + 1) & mask;
            let cell = self.cells[at as usize];
            if cell.slot == 0 {
                break;
            }
            let home = cell.hash & mask;
            // May the cell move to the gap? Only if its home is not between the two.
            if at.wrapping_sub(home) & mask >= at.wrapping_sub(gap) & mask {
                self.cells[gap as usize] = cell;
                gap = at;
            }
        }
        self.cells[gap as usize] = Cell::default();
    }

    fn place(&mut self, cell: Cell) {
        let mask = self.mask();
        let mut at = cell.hash & mask;
        while self.cells[at as usize].slot != 0 {
            at = (at + 1) & mask;
        }
        self.cells[at as usize] = cell;
    }

    fn grow(&mut self) {
        let size = (self.cells.len() * 2).max(64);
        let old = std::mem::replace(&mut self.cells, vec![Cell::default(); size]);
        for cell in old {
            if cell.slot != 0 {
                self.place(cell);
            }
        }
    }

    fn mask(&self) -> u32 {
        // At most 2^20 cells: two for each of nf_conntrack_max entries, and some room.
        u32::try_from(self.cells.len()).unwrap_or(u32::MAX) - 1
    }
}

/// Multiply and fold: cheap, and the same on every machine. A tuple and its answer have one hash: the
/// two cells of a connection that is not rewritten stand side by side, and are fetched together.
#[inline]
fn hash(tuple: &Tuple) -> u32 {
    let (a, b) = (end(tuple.src, tuple.src_port), end(tuple.dst, tuple.dst_port));
    // Ends have 48 bits, and protocols the rest.
    let protocol = u64::from(tuple.protocol.number()) << 48;
    let mixed = fold_mul(a.min(b) ^ 0x9e37_79b9_7f4a_7c15, a.max(b) ^ protocol ^ 0xd6e8_feb8_6659_fd93);
    (mixed ^ mixed >> 32) as u32
}

/// An address and a port in 48 bits; of an IPv6 address 32 bits that depend on all of it.
#[inline]
fn end(address: IpAddr, port: u16) -> u64 {
    let address = match address {
        IpAddr::V4(a) => u32::from(a),
        IpAddr::V6(a) => (fold(u128::from(a)) >> 32) as u32,
    };
    u64::from(address) << 16 | u64::from(port)
}

fn fold(bits: u128) -> u64 {
    fold_mul((bits >> 64) as u64 ^ 0xa076_1d64_78bd_642f, bits as u64 ^ 0xe703_7ed1_a0b4_28db)
}

/// Both halves of a 128-bit product, as wyhash does.
#[inline]
fn fold_mul(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product >> 64) as u64 ^ product as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Protocol;

    fn tuple(port: u16) -> Tuple {
        Tuple {
            src: [10, 0, 0, 1].into(),
            src_port: port,
            dst: [10, 0, 0, 2].into(),
            dst_port: 80,
            protocol: Protocol::Tcp,
        }
    }

    #[test]
    fn what_was_put_in_is_found_and_what_was_taken_out_is_not() {
        let tuples: Vec<Tuple> = (0..5000).map(tuple).collect();
        let at = |slot: u32, _| tuples.get(slot as usize);
        let mut index = Index::default();
        for (slot, t) in (0u32..).zip(&tuples) {
            index.insert(slot, t, Direction::Original, |_, _| false).unwrap();
        }
        for (slot, t) in (0u32..).zip(&tuples).filter(|(slot, _)| slot % 3 == 0) {
            index.remove(slot, t, Direction::Original);
        }
        for (slot, t) in (0u32..).zip(&tuples) {
            let found = index.find(t, |s, d| at(s, d) == Some(t));
            assert_eq!(found.is_some(), slot % 3 != 0, "slot {slot}");
        }
        assert_eq!(index.used, 5000 - 1667);
    }

    #[test]
    fn hashes_are_even_and_a_tuple_shares_its_answers() {
        let mut cells = vec![0u32; 4096];
        for n in 0..40_960u32 {
            let t = Tuple { src: [10, 244, 0, (n >> 12) as u8].into(), ..tuple(1024 + (n & 4095) as u16) };
            assert_eq!(hash(&t), hash(&t.reversed()));
            cells[hash(&t) as usize & 4095] += 1;
        }
        // Ten each on average; forty would be far beyond chance.
        let most = cells.iter().max().copied().unwrap_or_default();
        assert!(most < 40, "{most} tuples in one cell");
    }
}
