//! A hash index from tuples to slots, with a fixed hash. The sets and maps of nf_tables, and IPVS'
//! connections, are found by it too.
//!
//! It is written here, instead of using a map type, because its owner's slab holds the keys already and
//! because cloning it just copies two flat buffers. A lookup's cost is almost all waiting for memory. So a
//! bucket is one cache line, and the cells of a removed slot stay in it, pointing to nothing, until the room is
//! needed.

use std::net::IpAddr;

use super::entry::Direction;
use crate::{Protocol, Tuple};

#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    /// Their number is a power of two.
    buckets: Vec<Bucket>,
    /// For each slot, how often it was emptied (its generation). A cell with another generation is stale.
    times: Vec<u8>,
    /// How many cells are in use, stale ones included.
    filled: u32,
    /// How many buckets have spilled over. Only rebuilding the index reduces that, which is not worth it before
    /// `patience` more insertions.
    spilled: u32,
    patience: u32,
}

/// Where a tuple's cell is. The first bucket to search depends only on the client, which is assumed to be the
/// end with the higher port. So both tuples of a connection, rewritten or not, are in the same bucket, and
/// those of the client's next connection, from the next port, in the next bucket. If a bucket is full, for
/// example when the higher port is a server's, the other tuples are placed by a hash of the whole tuple.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Hash {
    home: u32,
    whole: u32,
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Bucket {
    /// One byte of each cell's hash, all compared at once. The bits above the last byte: how many cells are in use
    /// (always the first ones), and whether a tuple of this bucket is, or was, in a later bucket.
    tags: [u64; 2],
    /// From the lowest bit up: the direction, the slot, more of the hash, the slot's generation.
    cells: [u32; CELLS],
}

/// The most slots for each bucket. Each has two tuples, so about half of the cells stay free.
const SLOTS: usize = 3;
const CELLS: usize = 12;
/// The unit of a bucket's count of cells, and the mask of that count.
const ONE: u64 = 1 << 32;
const FULL: u64 = (CELLS as u64) << 32;
const SPILLED: u64 = 1 << 40;
/// The first bit of the generation in a cell, and the mask of the hash bits. There are at most 2^22 slots.
const TIME: u32 = 29;
const HASH: u32 = 0x1f80_0000;

impl Index {
    /// The first slot in the search order of a hash that `is_it` accepts. `is_it` may also be called for slots that
    /// are empty or hold another tuple.
    #[inline]
    pub fn find(&self, hash: Hash, is_it: impl Fn(u32, Direction) -> bool) -> Option<(u32, Direction)> {
        let mut home = hash.home;
        for step in 0..=self.buckets.len() as u32 {
            let bucket = self.buckets.get(self.place(home))?;
            let mut alike = bucket.alike(hash.whole);
            while alike != 0 {
                let cell = *bucket.cells.get(alike.trailing_zeros() as usize)?;
                let (slot, direction) = unpack(cell);
                if (cell ^ hash.whole) & HASH == 0 && is_it(slot, direction) {
                    return Some((slot, direction));
                }
                alike &= alike - 1;
            }
            if !bucket.is_spilled() {
                break;
            }
            home = hash.whole.wrapping_add(step);
        }
        None
    }

    /// Whether there is room for both tuples of a slot. If not, the owner must rebuild the index.
    pub fn has_room(&self, slot: u32) -> bool {
        let buckets = self.buckets.len();
        let spills = self.spilled as usize > buckets / 8 && self.patience == 0;
        (slot as usize) < buckets * SLOTS && self.filled as usize + 2 <= buckets * CELLS && !spills
    }

    /// Empties the index and makes it large enough for `slots` slots.
    pub fn begin_anew(&mut self, slots: usize) {
        let buckets = slots.div_ceil(SLOTS).next_power_of_two().max(4);
        (self.spilled, self.filled) = (0, 0);
        // The owner inserts its entries again; then as many more as would fill half of the cells.
        self.patience = u32::try_from(2 * slots + buckets * CELLS / 2).unwrap_or(u32::MAX);
        self.buckets.clear();
        self.buckets.resize(buckets, Bucket::default());
        self.times.resize(buckets * SLOTS, 0);
    }

    /// Inserts a tuple that is not in the index, by its hash. There must be room.
    pub fn enter(&mut self, slot: u32, hash: Hash, direction: Direction) {
        let reply = u32::from(direction == Direction::Reply);
        let cell = self.time(slot) << TIME | hash.whole & HASH | slot << 1 | reply;
        let at = self.place(hash.home);
        let at = if self.buckets[at].is_full() { self.make_room(hash) } else { at };
        self.patience = self.patience.saturating_sub(1);
        self.filled += 1;
        self.buckets[at].push(cell, tag(hash.whole));
    }

    /// The nearest bucket with a free cell, starting from the tuple's first one. `has_room` was checked before.
    #[inline(never)]
    fn make_room(&mut self, hash: Hash) -> usize {
        let mut home = hash.home;
        for step in 0.. {
            let at = self.place(home);
            if self.buckets[at].is_full() {
                self.sweep(at);
            }
            let bucket = &mut self.buckets[at];
            if !bucket.is_full() {
                return at;
            }
            self.spilled += u32::from(!bucket.is_spilled());
            bucket.tags[1] |= SPILLED;
            home = hash.whole.wrapping_add(step);
        }
        unreachable!("a bucket of {} has a free cell", self.buckets.len())
    }

    /// Removes both tuples of a slot.
    pub fn remove(&mut self, slot: u32) {
        if let Some(time) = self.times.get_mut(slot as usize) {
            *time = time.wrapping_add(1);
        }
    }

    /// Frees the stale cells of a bucket. Generations wrap around, so some stale cells are not recognised; they do
    /// no harm.
    fn sweep(&mut self, at: usize) {
        let old = self.buckets[at];
        let mut new = Bucket::default();
        new.tags[1] = old.tags[1] & SPILLED;
        for (n, cell) in old.cells.iter().enumerate().take(old.count()) {
            let (slot, _) = unpack(*cell);
            if (self.time(slot) << TIME ^ cell) >> TIME == 0 {
                new.push(*cell, (old.tags[n / 8] >> (n % 8 * 8)) as u8);
            }
        }
        self.filled -= (old.count() - new.count()) as u32;
        self.buckets[at] = new;
    }

    #[inline]
    fn time(&self, slot: u32) -> u32 {
        self.times.get(slot as usize).map_or(0, |time| u32::from(*time))
    }

    #[inline]
    fn place(&self, home: u32) -> usize {
        home as usize & self.buckets.len().wrapping_sub(1)
    }
}

#[inline]
fn unpack(cell: u32) -> (u32, Direction) {
    let slot = (cell & 0x007f_ffff) >> 1;
    (slot, if cell & 1 == 0 { Direction::Original } else { Direction::Reply })
}

/// One byte of a hash. Its bits overlap neither with [`HASH`] nor with the lowest bits, which select a bucket.
#[inline]
fn tag(hash: u32) -> u8 {
    (hash >> 29 << 5 | hash >> 18 & 31) as u8
}

impl Bucket {
    #[inline]
    fn count(&self) -> usize {
        (self.tags[1] >> 32 & 15) as usize
    }

    #[inline]
    fn is_full(&self) -> bool {
        self.tags[1] & (15 * ONE) == FULL
    }

    #[inline]
    fn is_spilled(&self) -> bool {
        self.tags[1] & SPILLED != 0
    }

    /// The bucket is not full.
    #[inline]
    fn push(&mut self, cell: u32, tag: u8) {
        let at = self.count();
        self.cells[at] = cell;
        self.tags[at / 8] |= u64::from(tag) << (at % 8 * 8);
        self.tags[1] += ONE;
    }

    /// A bit for each cell whose tag equals that of the hash. False positives are possible.
    #[inline]
    fn alike(&self, hash: u32) -> u32 {
        let [low, high] = self.tags.map(|tags| equal_bytes(tags, tag(hash)));
        // This is the usual case if the tuple is not in the index.
        if low | high == 0 {
            return 0;
        }
        (side_by_side(low) | side_by_side(high) << 8) & ((1 << CELLS) - 1)
    }
}

/// Sets the highest bit of each byte of `bytes` that equals `byte`, and possibly of a byte just above one.
#[inline]
fn equal_bytes(bytes: u64, byte: u8) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let differing = bytes ^ (u64::from(byte) * EACH);
    differing.wrapping_sub(EACH) & !differing & (EACH << 7)
}

/// The highest bits of all bytes.
#[inline]
fn side_by_side(bits: u64) -> u32 {
    ((bits >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32
}

/// Multiply and fold: cheap, and the same on every machine.
#[inline]
pub(crate) fn hash(tuple: &Tuple) -> Hash {
    hash_ends(end(&tuple.src, tuple.src_port), end(&tuple.dst, tuple.dst_port), tuple.protocol)
}

/// The hash of a tuple that is given in parts.
#[inline]
pub(crate) fn hash_ends(a: u64, b: u64, protocol: Protocol) -> Hash {
    // An end takes 48 bits; the protocol uses the rest.
    let protocol = (protocol as u64) << 48;
    let client = if by_port(a) > by_port(b) { a } else { b };
    let host = fold_mul(client >> 16 ^ 0xa076_1d64_78bd_642f, protocol ^ 0xe703_7ed1_a0b4_28db);
    let whole = fold_mul(a.min(b) ^ 0x9e37_79b9_7f4a_7c15, a.max(b) ^ protocol ^ 0xd6e8_feb8_6659_fd93);
    let short = |long: u64| (long ^ long >> 32) as u32;
    Hash { home: short(host).wrapping_add(client as u32 & 0xffff), whole: short(whole) }
}

/// An end, its port first.
#[inline]
fn by_port(end: u64) -> u64 {
    end.rotate_right(16)
}

/// An address and a port in 48 bits; of an IPv6 address 32 bits that depend on all of it.
#[inline]
pub(crate) fn end(address: &IpAddr, port: u16) -> u64 {
    let address = match address {
        IpAddr::V4(a) => u32::from(*a),
        IpAddr::V6(a) => fold(u128::from(*a)),
    };
    u64::from(address) << 16 | u64::from(port)
}

#[inline(never)]
fn fold(bits: u128) -> u32 {
    let halves = ((bits >> 64) as u64 ^ 0xa076_1d64_78bd_642f, bits as u64 ^ 0xe703_7ed1_a0b4_28db);
    (fold_mul(halves.0, halves.1) >> 32) as u32
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
    fn inserted_tuples_are_found_and_removed_ones_are_not() {
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
                    t.iter().for_each(|t| index.enter(slot, hash(t), Direction::Reply));
                }
            }
            index.enter(slot, hash(&tuple(n)), Direction::Reply);
            if n % 3 != 0 || n % 7 == 0 {
                slots[slot as usize] = None;
                index.remove(slot);
                free.push(slot);
            }
        }
        for n in 0..20_000 {
            let is_it = |slot: u32, d| d == Direction::Reply && slots[slot as usize] == Some(tuple(n));
            let found = index.find(hash(&tuple(n)), is_it);
            assert_eq!(found.is_some(), n % 3 == 0 && n % 7 != 0, "number {n}");
        }
        assert!(index.buckets.len() <= 2048, "what is gone takes up no room in the end");
    }

    #[test]
    fn equal_bytes_are_all_found() {
        let cases =
            [(0, 0, 0xff), (0x0102_0304_0502_0780, 2, 0b0100_0100), (0xff00_0000_0000_00ff, 0xff, 0x81)];
        for (bytes, byte, expected) in cases {
            assert_eq!(side_by_side(equal_bytes(bytes, byte)) & expected, expected, "{byte} in {bytes:x}");
        }
        assert_eq!(equal_bytes(0x0102_0304_0506_0708, 9), 0);
    }

    /// If the higher port of all tuples is the same server's, they all have the same first bucket.
    #[test]
    fn tuples_of_one_first_bucket_are_found_quickly() {
        let tuple = |n: u16| Tuple { dst_port: u16::MAX, ..tuple(n) };
        let mut index = Index::default();
        let mut begun_anew = 0;
        for n in 0..20_000 {
            if !index.has_room(n) {
                begun_anew += 1;
                index.begin_anew(n as usize + 1);
                (0..n).for_each(|n| index.enter(n, hash(&tuple(n as u16)), Direction::Original));
            }
            index.enter(n, hash(&tuple(n as u16)), Direction::Original);
        }
        assert!(begun_anew < 20, "begun anew {begun_anew} times");
        let mut looked_at = 0;
        for n in 0..20_000u16 {
            let of = hash(&tuple(n));
            assert_eq!(of.home, hash(&tuple(0)).home, "what this test is about");
            let found = index.find(of, |slot, _| slot == u32::from(n));
            assert_eq!(found, Some((u32::from(n), Direction::Original)));
            let places = (0..).map(|step| of.whole.wrapping_add(step));
            let spilled = places.take_while(|home| index.buckets[index.place(*home)].is_spilled());
            looked_at += 2 + spilled.count();
        }
        assert!(looked_at < 3 * 20_000, "{looked_at} buckets for 20,000 tuples");
    }

    #[test]
    fn hashes_are_even_and_a_connection_has_one_bucket() {
        let mut cells = [vec![0u32; 4096], vec![0u32; 4096]];
        for n in 0..40_960u32 {
            let t = Tuple { src: [10, 244, 0, (n >> 12) as u8].into(), ..tuple(1024 + (n & 4095) as u16) };
            let answer = Tuple { src: [10, 244, 7, 7].into(), ..t.reversed() };
            assert_eq!(hash(&t), hash(&t.reversed()));
            assert_eq!(hash(&t).home, hash(&answer).home, "of another server");
            let Hash { home, whole } = hash(&t);
            let next = hash(&Tuple { src_port: t.src_port + 1, ..t });
            assert_eq!(next.home, home.wrapping_add(1), "of the next port");
            [home, whole].iter().zip(&mut cells).for_each(|(hash, cells)| cells[*hash as usize & 4095] += 1);
        }
        // Ten each on average; forty would be far beyond chance.
        let most = cells.iter().flatten().max().copied().unwrap_or_default();
        assert!(most < 40, "{most} tuples in one cell");
    }
}
