//! A hash index from tuples to slots: open addressing with linear probing, fixed hash. The sets and
//! maps of nf_tables, and IPVS' connections, are found by it too.
//!
//! It is written here, and not taken from a map type, because its owner's slab holds the keys already,
//! and because cloning it is one copy of one flat buffer. Almost all that looking up costs is waiting
//! for memory: so a cell has four bytes, and what is removed from a slab stays in the index, where it
//! leads to nothing, until the index is filled anew.

use std::net::IpAddr;

use super::entry::Direction;
use crate::net::Tuple;

#[derive(Clone, Debug, Default)]
pub(in crate::net::netfilter) struct Index {
    /// 2 to the power of `bits` of them. 0: free. Else the low `bits` are slot and direction, plus one,
    /// and the others are the hash's; its low bits say where the cell would best be.
    cells: Vec<u32>,
    bits: u32,
    /// Of them some may lead to what is gone.
    used: u32,
}

impl Index {
    /// The first slot on the tuple's path that `is_it` accepts. It may be asked about slots that are
    /// empty, and about those that have got another tuple.
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
            if cell == 0 {
                return None;
            }
            if cell ^ hash <= mask {
                let (slot, direction) = unpack(cell & mask);
                if is_it(slot, direction) {
                    return Some((slot, direction));
                }
            }
            at = (at + 1) & mask;
        }
    }

    /// Is there room for both tuples of a slot? If not, the owner has to begin anew.
    pub fn has_room(&self, slot: u32) -> bool {
        // A quarter stays free: a path ends at a free cell. And the slot fits into the low bits.
        (self.used as usize + 2) * 4 <= self.cells.len() * 3 && (slot as usize) < self.cells.len() / 2
    }

    /// Empties the index, and makes it so large that both tuples of so many slots fill half of it.
    pub fn begin_anew(&mut self, slots: usize) {
        let size = (slots * 4).next_power_of_two().max(64);
        self.used = 0;
        if size == self.cells.len() {
            self.cells.fill(0);
        } else {
            self.cells = vec![0; size];
            self.bits = size.trailing_zeros();
        }
    }

    /// Err: a slot on the tuple's path that `is_another` accepts; nothing is inserted then. There has
    /// to be room.
    pub fn insert(
        &mut self,
        slot: u32,
        tuple: &Tuple,
        direction: Direction,
        is_another: impl Fn(u32, Direction) -> bool,
    ) -> Result<(), u32> {
        let hash = hash(tuple);
        let mask = self.mask();
        let mut at = hash & mask;
        while self.cells[at as usize] != 0 {
            let cell = self.cells[at as usize];
            if cell ^ hash <= mask {
                let (slot, direction) = unpack(cell & mask);
                if is_another(slot, direction) {
                    return Err(slot);
                }
            }
            at = (at + 1) & mask;
        }
        self.cells[at as usize] = (hash & !mask) | pack(slot, direction);
        self.used += 1;
        Ok(())
    }

    fn mask(&self) -> u32 {
        (1 << self.bits) - 1
    }
}

fn pack(slot: u32, direction: Direction) -> u32 {
    (slot << 1 | u32::from(direction == Direction::Reply)) + 1
}

#[inline]
fn unpack(packed: u32) -> (u32, Direction) {
    let packed = packed.wrapping_sub(1);
    (packed >> 1, if packed & 1 == 0 { Direction::Original } else { Direction::Reply })
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

    /// As the connection table uses it, with slots that are emptied and filled again.
    #[test]
    fn what_was_put_in_is_found_and_what_was_taken_out_is_not() {
        let mut slots: Vec<Option<Tuple>> = Vec::new();
        let mut index = Index::default();
        let mut free: Vec<u32> = Vec::new();
        for n in 0..20_000u16 {
            let slot = free.pop().unwrap_or(slots.len() as u32);
            slots.resize(slots.len().max(slot as usize + 1), None);
            slots[slot as usize] = Some(tuple(n));
            if !index.has_room(slot) {
                index.begin_anew(slots.len());
                for (slot, t) in (0u32..).zip(&slots).filter(|(other, _)| *other != slot) {
                    t.iter().for_each(|t| index.insert(slot, t, Direction::Reply, |_, _| false).unwrap());
                }
            }
            index.insert(slot, &tuple(n), Direction::Reply, |_, _| false).unwrap();
            if n % 3 != 0 || n % 7 == 0 {
                slots[slot as usize] = None;
                free.push(slot);
            }
        }
        for n in 0..20_000 {
            let is_it = |slot: u32, d| d == Direction::Reply && slots[slot as usize] == Some(tuple(n));
            let found = index.find(&tuple(n), is_it);
            assert_eq!(found.is_some(), n % 3 == 0 && n % 7 != 0, "number {n}");
        }
        assert!(index.cells.len() <= 32_768, "what is gone takes up no room in the end");
        let again = index.insert(0, &tuple(3), Direction::Original, |slot, _| {
            slots[slot as usize] == Some(tuple(3))
        });
        assert!(again.is_err(), "a tuple that is there already");
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
