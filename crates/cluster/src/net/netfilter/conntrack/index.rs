//! A hash index from tuples to slots, with a fixed hash. The sets and maps of nf_tables, and IPVS'
//! connections, are found by it too.
//!
//! It is written here, and not taken from a map type, because its owner's slab holds the keys already,
//! and because cloning it is two copies of flat buffers. Almost all that looking up costs is waiting for
//! memory. So a bucket is one cache line, and what is removed stays in it, leading to nothing, until
//! the room is needed.

use std::net::IpAddr;

use super::entry::Direction;
use crate::net::Tuple;

#[derive(Clone, Debug, Default)]
pub(in crate::net::netfilter) struct Index {
    /// 2 to the power of `bits` of them.
    buckets: Vec<Bucket>,
    bits: u32,
    /// For each slot, how often it was emptied: a cell of another time leads to nothing.
    times: Vec<u8>,
    /// How many cells are not free.
    filled: u32,
    /// How many buckets have spilled over, and how much was inserted since none had.
    spilled: u32,
    inserted: u32,
}

/// A cell is 0 when it is free. Else its lowest bits are slot and direction, plus one; the two above
/// them say in which time of the slot it was written; the rest is the hash's.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Bucket {
    /// The last one is no cell. It counts those that are not free, which are the first ones, and says
    /// by SPILLED that something that belongs here is in the next bucket, or was.
    cells: [u32; CELLS + 1],
}

/// How many slots there are for each bucket, with two tuples each: half of the cells stay free.
const SLOTS: usize = 4;
const CELLS: usize = 15;
const TIMES: u8 = 3;
const SPILLED: u32 = 1 << 8;

impl Index {
    /// The first slot on the tuple's path that `is_it` accepts. It may be asked about slots that are
    /// empty, and about those that have got another tuple.
    #[inline]
    pub fn find(&self, tuple: &Tuple, is_it: impl Fn(u32, Direction) -> bool) -> Option<(u32, Direction)> {
        let hash = hash(tuple);
        let mut home = hash;
        for _ in 0..self.buckets.len() {
            let bucket = &self.buckets[self.place(home)];
            if let Some(found) = self.find_in(bucket, hash, &is_it) {
                return Some(found);
            }
            if !bucket.is_spilled() {
                return None;
            }
            home = home.wrapping_add(1);
        }
        None
    }

    #[inline]
    fn find_in(
        &self,
        bucket: &Bucket,
        hash: u32,
        is_it: &impl Fn(u32, Direction) -> bool,
    ) -> Option<(u32, Direction)> {
        let hash_bits = self.hash_bits();
        if !bucket.has_alike(hash, hash_bits) {
            return None;
        }
        for cell in &bucket.cells[..CELLS] {
            let (slot, direction) = self.unpack(*cell);
            if (cell ^ hash) & hash_bits == 0 && is_it(slot, direction) {
                return Some((slot, direction));
            }
        }
        None
    }

    /// Is there room for both tuples of a slot? If not, the owner has to begin anew.
    pub fn has_room(&self, slot: u32) -> bool {
        let buckets = self.buckets.len();
        let spills = self.spilled as usize > buckets / 8 && self.inserted as usize > buckets;
        (slot as usize) < buckets * SLOTS && self.filled as usize + 2 <= buckets * CELLS && !spills
    }

    /// Empties the index, and makes it large enough for so many slots.
    pub fn begin_anew(&mut self, slots: usize) {
        let buckets = slots.div_ceil(SLOTS).next_power_of_two().max(4);
        (self.spilled, self.inserted, self.filled) = (0, 0, 0);
        self.bits = buckets.trailing_zeros();
        self.buckets.clear();
        self.buckets.resize(buckets, Bucket::default());
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
        let mut home = hash;
        for _ in 0..self.buckets.len() {
            let bucket = &self.buckets[self.place(home)];
            if let Some((other, _)) = self.find_in(bucket, hash, &is_another) {
                return Err(other);
            }
            if !bucket.is_spilled() {
                break;
            }
            home = home.wrapping_add(1);
        }
        self.enter(slot, hash, direction);
        Ok(())
    }

    #[inline]
    fn enter(&mut self, slot: u32, hash: u32, direction: Direction) {
        if self.times.len() <= slot as usize {
            self.times.resize(slot as usize + 1, 0);
        }
        let packed = (slot << 1 | u32::from(direction == Direction::Reply)) + 1;
        let time = u32::from(self.times[slot as usize] & TIMES) << self.slot_bits();
        let cell = hash & self.hash_bits() | time | packed;
        self.inserted = self.inserted.saturating_add(1);
        let at = self.place(hash);
        let at = if self.buckets[at].is_full() { self.make_room(hash) } else { at };
        self.filled += 1;
        self.buckets[at].push(cell);
    }

    /// The bucket nearest to its home that has a free cell. As has_room said, there is one.
    #[inline(never)]
    fn make_room(&mut self, mut home: u32) -> usize {
        loop {
            let at = self.place(home);
            if self.buckets[at].is_full() {
                self.sweep(at);
            }
            let bucket = &mut self.buckets[at];
            if !bucket.is_full() {
                return at;
            }
            self.spilled += u32::from(!bucket.is_spilled());
            bucket.cells[CELLS] |= SPILLED;
            home = home.wrapping_add(1);
        }
    }

    /// Both tuples of a slot are gone.
    pub fn remove(&mut self, slot: u32) {
        if let Some(time) = self.times.get_mut(slot as usize) {
            *time = time.wrapping_add(1);
        }
    }

    /// Frees the cells of a bucket that lead to nothing: most of them, for a slot's times have few
    /// numbers, and the others do no harm.
    fn sweep(&mut self, at: usize) {
        let old = self.buckets[at];
        let mut new = Bucket::default();
        new.cells[CELLS] = old.cells[CELLS] & SPILLED;
        for cell in &old.cells[..old.count()] {
            let (slot, _) = self.unpack(*cell);
            let time = (cell >> self.slot_bits()) as u8;
            if self.times.get(slot as usize).is_some_and(|now| (now ^ time) & TIMES == 0) {
                new.push(*cell);
            }
        }
        self.filled -= (old.count() - new.count()) as u32;
        self.buckets[at] = new;
    }

    #[inline]
    fn place(&self, home: u32) -> usize {
        home as usize & self.buckets.len().wrapping_sub(1)
    }

    #[inline]
    fn unpack(&self, cell: u32) -> (u32, Direction) {
        let packed = (cell & ((1 << self.slot_bits()) - 1)).wrapping_sub(1);
        (packed >> 1, if packed & 1 == 0 { Direction::Original } else { Direction::Reply })
    }

    /// Eight numbers for each bucket, and zero.
    #[inline]
    fn slot_bits(&self) -> u32 {
        self.bits + 4
    }

    #[inline]
    fn hash_bits(&self) -> u32 {
        u32::MAX << (self.slot_bits() + 2)
    }
}

impl Bucket {
    #[inline]
    fn count(&self) -> usize {
        (self.cells[CELLS] & (SPILLED - 1)) as usize
    }

    #[inline]
    fn is_full(&self) -> bool {
        self.count() == CELLS
    }

    #[inline]
    fn is_spilled(&self) -> bool {
        self.cells[CELLS] & SPILLED != 0
    }

    /// The bucket is not full.
    #[inline]
    fn push(&mut self, cell: u32) {
        self.cells[self.count()] = cell;
        self.cells[CELLS] += 1;
    }

    /// Is there a cell whose bits in `mask` are the hash's? It may say so of none. All are compared, for
    /// that can be done at once.
    #[inline]
    fn has_alike(&self, hash: u32, mask: u32) -> bool {
        self.cells.iter().fold(false, |found, cell| found | ((cell ^ hash) & mask == 0))
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
                index.remove(slot);
                free.push(slot);
            }
        }
        for n in 0..20_000 {
            let is_it = |slot: u32, d| d == Direction::Reply && slots[slot as usize] == Some(tuple(n));
            let found = index.find(&tuple(n), is_it);
            assert_eq!(found.is_some(), n % 3 == 0 && n % 7 != 0, "number {n}");
        }
        assert!(index.buckets.len() <= 2048, "what is gone takes up no room in the end");
        let again =
            index.insert(0, &tuple(3), Direction::Original, |slot, _| slots[slot as usize] == Some(tuple(3)));
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
