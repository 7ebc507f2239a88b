//! Scores of all nodes, brought to one scale (kube-scheduler framework/interface.go, MaxNodeScore).

pub const MAX_NODE_SCORE: i64 = 100;

/// plugins/helper/normalize_score.go, DefaultNormalizeScore: the highest becomes 100; reversed, 0.
pub fn normalize(scores: &mut [i64], reverse: bool) {
    let highest = scores.iter().copied().max().unwrap_or(0);
    for score in scores {
        if highest > 0 {
            *score = MAX_NODE_SCORE * *score / highest;
        }
        if reverse {
            *score = MAX_NODE_SCORE - *score;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After normalize_score_test.go, TestDefaultNormalizeScore.
    #[test]
    fn scores_are_brought_to_one_scale() {
        for (reverse, mut scores, expected) in [
            (false, vec![1, 2, 3, 4], [25, 50, 75, 100]),
            (false, vec![1, 2, 3, 40], [2, 5, 7, 100]),
            (true, vec![1, 2, 3, 4], [75, 50, 25, 0]),
            (true, vec![1, 2, 3, 40], [98, 95, 93, 0]),
            (false, vec![0, 0, 0, 0], [0, 0, 0, 0]),
            (true, vec![0, 0, 0, 0], [100, 100, 100, 100]),
        ] {
            normalize(&mut scores, reverse);
            assert_eq!(scores, expected);
        }
    }
}
