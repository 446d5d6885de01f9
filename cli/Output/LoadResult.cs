using HunyuanOrleans.Cli.Measuring;

namespace HunyuanOrleans.Cli.Output;

/// <summary>The JSON output of <c>load</c>. Percentiles are in milliseconds.</summary>
/// <param name="Requests">Number of requests sent.</param>
/// <param name="Succeeded">Number of requests that were answered completely.</param>
/// <param name="Errors">Number of failed requests for each error.</param>
/// <param name="Seconds">Duration of the whole run.</param>
/// <param name="PromptTokens">Prompt tokens of the succeeded requests.</param>
/// <param name="AnswerTokens">Answer tokens of the succeeded requests.</param>
/// <param name="RequestsPerSecond">Succeeded requests per second.</param>
/// <param name="TokensPerSecond">Answer tokens per second.</param>
/// <param name="TimeToFirstToken">Time from sending a request to its first text.</param>
/// <param name="TimePerToken">Mean time per token after the first, one value per request.</param>
/// <param name="InterToken">Time between two chunks of text, over all requests.</param>
/// <param name="Total">Time from sending a request to the end of its answer.</param>
internal sealed record LoadResult(
    int Requests,
    int Succeeded,
    SortedDictionary<string, int> Errors,
    double Seconds,
    long PromptTokens,
    long AnswerTokens,
    double RequestsPerSecond,
    double TokensPerSecond,
    Percentiles? TimeToFirstToken,
    Percentiles? TimePerToken,
    Percentiles? InterToken,
    Percentiles? Total)
{
    /// <summary>Summarises the samples of a run.</summary>
    /// <param name="samples">One sample for each request.</param>
    /// <param name="seconds">Duration of the whole run.</param>
    public static LoadResult Of(LoadSample[] samples, double seconds)
    {
        LoadSample[] succeeded = [.. samples.Where(s => s.Error is null)];
        SortedDictionary<string, int> errors = new(StringComparer.Ordinal);
        foreach (LoadSample failed in samples.Where(s => s.Error is not null))
        {
            errors[failed.Error!] = errors.GetValueOrDefault(failed.Error!) + 1;
        }

        long answerTokens = succeeded.Sum(s => (long)s.AnswerTokens);
        return new LoadResult(
            samples.Length,
            succeeded.Length,
            errors,
            seconds,
            succeeded.Sum(s => (long)s.PromptTokens),
            answerTokens,
            succeeded.Length / seconds,
            answerTokens / seconds,
            Percentiles.Of(succeeded.Select(s => s.FirstToken)),
            Percentiles.Of(succeeded.Select(s => s.PerToken)),
            Percentiles.Of(succeeded.SelectMany(s => s.Gaps).Select(gap => (double?)gap)),
            Percentiles.Of(succeeded.Select(s => (double?)s.Total)));
    }
}
