using HunyuanOrleans.Cli.Sessions;

namespace HunyuanOrleans.Cli.Output;

/// <summary>A line of the file that <c>eval --choices</c> writes.</summary>
/// <param name="Question">The question.</param>
/// <param name="Answer">The index of the right choice.</param>
/// <param name="Choice">The index of the most likely choice.</param>
/// <param name="NormalisedChoice">The index of the choice with the largest log-likelihood per character.</param>
/// <param name="LogLikelihoods">The log-likelihood of each choice, in nats.</param>
internal sealed record ChoiceAnswer(string Question, int Answer, int Choice, int NormalisedChoice, double[] LogLikelihoods)
{
    /// <summary>Whether the most likely choice is right.</summary>
    public bool Right => Choice == Answer;

    /// <summary>Whether the choice with the largest log-likelihood per character is right.</summary>
    public bool NormalisedRight => NormalisedChoice == Answer;

    /// <summary>Chooses by log-likelihoods. Of equal ones, the first counts.</summary>
    public static ChoiceAnswer Of(EncodedChoices question, double[] logLikelihoods) => new(
        question.Item.Question,
        question.Item.Answer,
        IndexOfMax(logLikelihoods),
        IndexOfMax([.. logLikelihoods.Zip(question.Lengths, static (sum, length) => sum / length)]),
        logLikelihoods);

    private static int IndexOfMax(double[] values) => Array.IndexOf(values, values.Max());
}
