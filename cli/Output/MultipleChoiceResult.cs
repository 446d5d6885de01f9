using HunyuanOrleans.Cli.Sessions;

namespace HunyuanOrleans.Cli.Output;

/// <summary>The JSON output of <c>eval --choices</c>.</summary>
/// <param name="Types">The types of the weights.</param>
/// <param name="Items">Number of questions.</param>
/// <param name="Shots">Number of questions in the file of shots.</param>
/// <param name="Score">Whether the letter or the text of a choice was the answer.</param>
/// <param name="Accuracy">Fraction of questions whose right choice is the most likely one.</param>
/// <param name="AccuracyStderr">Standard error of the accuracy; null for a single question.</param>
/// <param name="NormalisedAccuracy">The same with log-likelihoods divided by the number of characters of the choice.</param>
/// <param name="NormalisedAccuracyStderr">Standard error of the normalised accuracy; null for a single question.</param>
/// <param name="Subjects">The accuracies of each subject; empty if the questions have none.</param>
internal sealed record MultipleChoiceResult(
    string Types,
    int Items,
    int Shots,
    string Score,
    double Accuracy,
    double? AccuracyStderr,
    double NormalisedAccuracy,
    double? NormalisedAccuracyStderr,
    ChoiceSubject[] Subjects)
{
    /// <summary>Summarises the answers to all questions.</summary>
    public static MultipleChoiceResult Of(string types, int shots, string score, IReadOnlyList<(ChoiceItem Item, ChoiceAnswer Answer)> answers)
    {
        double accuracy = answers.Average(static a => a.Answer.Right ? 1 : 0), normalised = answers.Average(static a => a.Answer.NormalisedRight ? 1 : 0);
        IEnumerable<ChoiceSubject> subjects = answers.Where(static a => a.Item.Subject is not null).GroupBy(static a => a.Item.Subject!).Select(static group => new ChoiceSubject(
            group.Key, group.Count(), group.Average(static a => a.Answer.Right ? 1 : 0), group.Average(static a => a.Answer.NormalisedRight ? 1 : 0)));
        return new MultipleChoiceResult(
            types, answers.Count, shots, score, accuracy, StandardError(accuracy, answers.Count), normalised, StandardError(normalised, answers.Count), [.. subjects]);
    }

    // Of the mean of values that are 0 or 1, with the sample's own variance.
    private static double? StandardError(double mean, int count) => count < 2 ? null : Math.Sqrt(mean * (1 - mean) / (count - 1));
}

/// <summary>The accuracies of one subject.</summary>
/// <param name="Subject">The subject.</param>
/// <param name="Items">Number of its questions.</param>
/// <param name="Accuracy">Fraction of questions whose right choice is the most likely one.</param>
/// <param name="NormalisedAccuracy">The same with normalised log-likelihoods.</param>
internal sealed record ChoiceSubject(string Subject, int Items, double Accuracy, double NormalisedAccuracy);
