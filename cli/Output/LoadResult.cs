using HunyuanOrleans.Cli.Measuring;

namespace HunyuanOrleans.Cli.Output;

/// <summary>The JSON output of <c>load</c>. Percentiles are in milliseconds.</summary>
/// <param name="Requests">Number of requests sent.</param>
/// <param name="Succeeded">Number of requests that were answered completely.</param>
/// <param name="Errors">Number of failed requests for each error.</param>
/// <param name="RequestRate">Requests started per second on average, as asked for; null if they started as soon as the concurrency allowed.</param>
/// <param name="MaxConcurrency">Most requests in progress at the same time, as asked for.</param>
/// <param name="Seconds">Duration of the whole run.</param>
/// <param name="PromptTokens">Prompt tokens of the succeeded requests.</param>
/// <param name="AnswerTokens">Answer tokens of the succeeded requests.</param>
/// <param name="RequestsPerSecond">Succeeded requests per second.</param>
/// <param name="Goodput">The requests within the limits of --goodput; null without limits.</param>
/// <param name="TokensPerSecond">Answer tokens per second.</param>
/// <param name="PeakTokensPerSecond">Most chunks of text that arrived within one second.</param>
/// <param name="PeakConcurrency">Most requests that were in progress at the same time.</param>
/// <param name="TotalTokensPerSecond">Prompt and answer tokens per second.</param>
/// <param name="TimeToFirstToken">TTFT: time from sending a request to its first text.</param>
/// <param name="TimePerToken">TPOT: mean time per token after the first, one value per request.</param>
/// <param name="InterToken">ITL: time between two chunks of text, over all requests.</param>
/// <param name="Total">E2EL: time from sending a request to the end of its answer.</param>
internal sealed record LoadResult(
    int Requests,
    int Succeeded,
    SortedDictionary<string, int> Errors,
    double? RequestRate,
    int MaxConcurrency,
    double Seconds,
    long PromptTokens,
    long AnswerTokens,
    double RequestsPerSecond,
    LoadGoodput? Goodput,
    double TokensPerSecond,
    int PeakTokensPerSecond,
    int PeakConcurrency,
    double TotalTokensPerSecond,
    Percentiles? TimeToFirstToken,
    Percentiles? TimePerToken,
    Percentiles? InterToken,
    Percentiles? Total)
{
    /// <summary>Summarises the samples of a run.</summary>
    /// <param name="plan">What was sent.</param>
    /// <param name="samples">One sample for each request.</param>
    /// <param name="seconds">Duration of the whole run.</param>
    public static LoadResult Of(LoadPlan plan, LoadSample[] samples, double seconds)
    {
        LoadSample[] succeeded = [.. samples.Where(s => s.Error is null)];
        SortedDictionary<string, int> errors = new(StringComparer.Ordinal);
        foreach (LoadSample failed in samples.Where(s => s.Error is not null))
        {
            errors[failed.Error!] = errors.GetValueOrDefault(failed.Error!) + 1;
        }

        long promptTokens = succeeded.Sum(s => (long)s.PromptTokens), answerTokens = succeeded.Sum(s => (long)s.AnswerTokens);
        return new LoadResult(
            samples.Length,
            succeeded.Length,
            errors,
            plan.Rate,
            plan.Concurrency,
            seconds,
            promptTokens,
            answerTokens,
            succeeded.Length / seconds,
            plan.Goodput is { } limits ? Good(limits, succeeded.Count(limits.AreMetBy), seconds) : null,
            answerTokens / seconds,
            LoadTimeline.PeakTokensPerSecond(succeeded),
            LoadTimeline.PeakConcurrency(samples),
            (promptTokens + answerTokens) / seconds,
            Percentiles.Of(succeeded.Select(s => s.FirstToken)),
            Percentiles.Of(succeeded.Select(s => s.PerToken)),
            Percentiles.Of(succeeded.SelectMany(s => s.Gaps).Select(gap => (double?)gap)),
            Percentiles.Of(succeeded.Select(s => (double?)s.Total)));
    }

    private static LoadGoodput Good(GoodputLimits limits, int requests, double seconds) =>
        new(limits.Ttft, limits.Tpot, limits.E2el, requests, requests / seconds);
}
