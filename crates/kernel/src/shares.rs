//! How often each endpoint was chosen, the kernel's counts against the model's, in one pooled test.

use std::collections::BTreeMap;

/// A question that was put many times. The kernel's and the model's answers are two samples; the
/// claim is that both come from one distribution.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// By answer: the kernel's, the model's.
    cells: BTreeMap<String, (u64, u64)>,
}

impl Counts {
    pub fn kernel(&mut self, answer: String) {
        self.cells.entry(answer).or_default().0 += 1;
    }

    pub fn model(&mut self, answer: String) {
        self.cells.entry(answer).or_default().1 += 1;
    }

    fn add(&mut self, other: &Counts) {
        for (answer, (kernel, model)) in &other.cells {
            let cell = self.cells.entry(answer.clone()).or_default();
            *cell = (cell.0 + kernel, cell.1 + model);
        }
    }

    /// Pearson's statistic for two samples, and its degrees of freedom. `None` where a cell
    /// expects fewer than five of the kernel's: the approximation would not hold there.
    fn chi_squared(&self) -> Option<(f64, u32)> {
        let sum = |pick: fn(&(u64, u64)) -> u64| self.cells.values().map(pick).sum::<u64>() as f64;
        let (kernel, model) = (sum(|c| c.0), sum(|c| c.1));
        let share = kernel / (kernel + model);
        let mut statistic = 0.0;
        for (k, m) in self.cells.values() {
            let both = (k + m) as f64;
            let (expected_k, expected_m) = (both * share, both * (1.0 - share));
            if expected_k < 5.0 {
                return None;
            }
            statistic += (*k as f64 - expected_k).powi(2) / expected_k;
            statistic += (*m as f64 - expected_m).powi(2) / expected_m;
        }
        let freedom = u32::try_from(self.cells.len()).ok()?.checked_sub(1).filter(|f| *f > 0)?;
        Some((statistic, freedom))
    }
}

/// All such questions of a run.
#[derive(Clone, Debug, Default)]
pub struct Shares(BTreeMap<String, Counts>);

/// The outcome of the pooled test.
#[derive(Clone, Copy, Debug)]
pub struct Verdict {
    pub questions: u32,
    pub connections: u64,
    pub statistic: f64,
    pub freedom: u32,
    /// How likely so large a statistic is, if the claim is true.
    pub p: f64,
}

/// Below it the claim is rejected: a run in a million fails by chance.
pub const ALPHA: f64 = 1e-6;

impl Shares {
    /// Questions of one name are one question.
    pub fn add(&mut self, name: String, counts: &Counts) {
        self.0.entry(name).or_default().add(counts);
    }

    pub fn merge(&mut self, other: Shares) {
        other.0.into_iter().for_each(|(name, counts)| self.add(name, &counts));
    }

    pub fn test(&self) -> Verdict {
        let mut all = Verdict { questions: 0, connections: 0, statistic: 0.0, freedom: 0, p: 1.0 };
        for counts in self.0.values() {
            let Some((statistic, freedom)) = counts.chi_squared() else { continue };
            all.questions += 1;
            all.connections += counts.cells.values().map(|cell| cell.0).sum::<u64>();
            all.statistic += statistic;
            all.freedom += freedom;
        }
        if all.freedom > 0 {
            all.p = upper_gamma(f64::from(all.freedom) / 2.0, all.statistic / 2.0);
        }
        all
    }

    /// The questions that deviate most, for a person who looks for the reason.
    pub fn worst(&self) -> Vec<String> {
        let mut ranked: Vec<(f64, String)> = Vec::new();
        for (name, counts) in &self.0 {
            let Some((statistic, freedom)) = counts.chi_squared() else { continue };
            let p = upper_gamma(f64::from(freedom) / 2.0, statistic / 2.0);
            ranked.push((p, format!("p = {p:.1e}: {name}: kernel and model {:?}", counts.cells)));
        }
        ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
        ranked.into_iter().take(5).map(|(_, line)| line).collect()
    }
}

/// Q(a, x), the regularised upper incomplete gamma function (Numerical Recipes, 6.2).
fn upper_gamma(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let front = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 { 1.0 - lower_series(a, x) * front } else { upper_fraction(a, x) * front }
}

fn lower_series(a: f64, x: f64) -> f64 {
    let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
    while term > sum * 1e-15 {
        n += 1.0;
        term *= x / n;
        sum += term;
    }
    sum
}

/// Lentz's method for the continued fraction.
fn upper_fraction(a: f64, x: f64) -> f64 {
    let tiny = 1e-300;
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / tiny;
    let mut d = 1.0 / b;
    let mut h = d;
    for i in 1..100_000 {
        let i = f64::from(i);
        let an = -i * (i - a);
        b += 2.0;
        d = 1.0 / nonzero(an * d + b, tiny);
        c = nonzero(b + an / c, tiny);
        h *= d * c;
        if (d * c - 1.0).abs() < 1e-14 {
            break;
        }
    }
    h
}

fn nonzero(value: f64, tiny: f64) -> f64 {
    if value.abs() < tiny { tiny } else { value }
}

/// Lanczos' approximation, g = 5.
fn ln_gamma(x: f64) -> f64 {
    const C: [f64; 6] = [
        76.180_091_729_471_46,
        -86.505_320_329_416_77,
        24.014_098_240_830_91,
        -1.231_739_572_450_155,
        0.120_865_097_386_617_9e-2,
        -0.539_523_938_495_3e-5,
    ];
    let t = x + 5.5;
    let series: f64 = C.iter().zip(1..).map(|(c, i)| c / (x + f64::from(i))).sum();
    (x + 0.5) * t.ln() - t + (2.506_628_274_631_000_5 * (1.000_000_000_190_015 + series) / x).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_that_of_the_tables() {
        // Quantiles of chi-squared: degrees of freedom, value, upper tail.
        for (freedom, value, p) in [(1.0, 3.841, 0.05), (10.0, 29.588, 0.001), (100.0, 124.342, 0.05)] {
            let tail = upper_gamma(freedom / 2.0, value / 2.0);
            assert!((tail / p - 1.0).abs() < 1e-3, "{freedom} {value}: {tail}, not {p}");
        }
        assert!((upper_gamma(0.5, 0.5 * 23.928) / 1e-6 - 1.0).abs() < 1e-2);
    }

    fn counts(kernel: &[u64], model: &[u64]) -> Counts {
        let cells = kernel.iter().zip(model).enumerate();
        Counts { cells: cells.map(|(i, (k, m))| (i.to_string(), (*k, *m))).collect() }
    }

    #[test]
    fn it_accepts_what_is_alike_and_rejects_what_is_not() {
        let mut shares = Shares::default();
        shares.add("a".into(), &counts(&[33, 30, 27], &[300, 310, 290]));
        let verdict = shares.test();
        assert_eq!((verdict.questions, verdict.freedom, verdict.connections), (1, 2, 90));
        assert!(verdict.p > 0.1, "{verdict:?}");
        shares.add("b".into(), &counts(&[140, 40], &[300, 300]));
        assert!(shares.test().p < ALPHA, "{:?}", shares.test());
        assert!(shares.worst()[0].contains(": b: "));
    }

    #[test]
    fn too_small_a_cell_is_not_tested() {
        let mut shares = Shares::default();
        shares.add("a".into(), &counts(&[0, 4], &[1, 400]));
        assert_eq!(shares.test().questions, 0);
    }
}
