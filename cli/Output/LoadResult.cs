using HunyuanOrleans.Cli.Measuring;

namespace HunyuanOrleans.Cli.Output;

/// <summary>What load measured. Times in milliseconds.</summary>
/// <param name="Requests">Requests sent.</param>
/// <param name="Succeeded">Of these, answered to the end.</param>
/// <param name="Errors">The others, by kind.</param>
/// <param name="Seconds">How long all took.</param>
/// <param name="PromptTokens">Tokens of prompts of answered requests.</param>
/// <param name="AnswerTokens">Tokens of their answers.</param>
/// <param name="RequestsPerSecond">Answered requests per second.</param>
/// <param name="TokensPerSecond">Tokens of answers per second.</param>
/// <param name="TimeToFirstToken">From sending to the first text.</param>
/// <param name="TimePerToken">Per token after the first, one number per request.</param>
/// <param name="InterToken">Between pieces of text, all requests' together.</param>
/// <param name="Total">From sending to the end.</param>
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
    /// <summary>Sums samples up.</summary>
    public static LoadResult Of(LoadSample[] samples, double seconds)
    {
        LoadSample[] good = [.. samples.Where(s => s.Error is null)];
        SortedDictionary<string, int> errors = new(StringComparer.Ordinal);
        foreach (LoadSample bad in samples.Where(s => s.Error is not null))
        {
            errors[bad.Error!] = errors.GetValueOrDefault(bad.Error!) + 1;
        }

        long answer = good.Sum(s => (long)s.AnswerTokens);
        return new LoadResult(
            samples.Length, good.Length, errors, seconds, good.Sum(s => (long)s.PromptTokens), answer, good.Length / seconds, answer / seconds,
            Percentiles.Of(good.Select(s => s.FirstToken)),
            Percentiles.Of(good.Select(s => s.PerToken)),
            Percentiles.Of(good.SelectMany(s => s.Gaps).Select(gap => (double?)gap)),
            Percentiles.Of(good.Select(s => (double?)s.Total)));
    }
}
