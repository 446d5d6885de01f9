using System.Globalization;

namespace HunyuanOrleans.Cli.Measuring;

/// <summary>The latencies that a good request may have at most, in milliseconds; null for no limit. The names are those of <c>vllm bench serve</c>.</summary>
/// <param name="Ttft">Time to the first token.</param>
/// <param name="Tpot">Mean time per token after the first.</param>
/// <param name="E2el">Time of the whole request.</param>
internal sealed record GoodputLimits(double? Ttft, double? Tpot, double? E2el)
{
    /// <summary>What <see cref="Parse"/> reads, for error messages.</summary>
    public const string Allowed = "ttft:MS, tpot:MS and e2el:MS, each at most once";

    /// <summary>Parses limits such as ttft:500.</summary>
    /// <returns>The limits; null if a word is not a limit, or two words limit the same latency.</returns>
    public static GoodputLimits? Parse(IEnumerable<string> words)
    {
        GoodputLimits limits = new(null, null, null);
        foreach (string word in words)
        {
            string[] parts = word.Split(':');
            if (parts.Length != 2
                || !double.TryParse(parts[1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double milliseconds)
                || milliseconds <= 0
                || limits.With(parts[0], milliseconds) is not GoodputLimits more)
            {
                return null;
            }

            limits = more;
        }

        return limits;
    }

    /// <summary>Whether a request succeeded within the limits. The time per token of an answer of one token is zero.</summary>
    public bool AreMetBy(LoadSample sample) =>
        sample.Error is null
        && (Ttft is not double ttft || sample.FirstToken <= ttft)
        && (Tpot is not double tpot || (sample.PerToken ?? 0) <= tpot)
        && (E2el is not double e2el || sample.Total <= e2el);

    private GoodputLimits? With(string name, double milliseconds) => name switch
    {
        "ttft" when Ttft is null => this with { Ttft = milliseconds },
        "tpot" when Tpot is null => this with { Tpot = milliseconds },
        "e2el" when E2el is null => this with { E2el = milliseconds },
        _ => null,
    };
}
