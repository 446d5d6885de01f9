using System.Globalization;

namespace HunyuanOrleans.Cli.Output;

/// <summary>Writes the result of <c>load</c> as the table of <c>vllm bench serve</c>, so that both can be compared line by line.</summary>
internal static class LoadTable
{
    private const int Width = 50, NameWidth = 40;

    /// <summary>Writes the table.</summary>
    public static void Write(LoadResult result, TextWriter output)
    {
        output.WriteLine(Center(" Serving Benchmark Result ", '='));
        Count("Successful requests:", result.Succeeded);
        Count("Failed requests:", result.Requests - result.Succeeded);
        Count("Maximum request concurrency:", result.MaxConcurrency);
        Number("Request rate configured (RPS):", result.RequestRate);
        Number("Benchmark duration (s):", result.Seconds);
        Count("Total input tokens:", result.PromptTokens);
        Count("Total generated tokens:", result.AnswerTokens);
        Number("Request throughput (req/s):", result.RequestsPerSecond);
        Number("Request goodput (req/s):", result.Goodput?.RequestsPerSecond);
        Number("Output token throughput (tok/s):", result.TokensPerSecond);
        Number("Peak output token throughput (tok/s):", result.PeakTokensPerSecond);
        Number("Peak concurrent requests:", result.PeakConcurrency);
        Number("Total token throughput (tok/s):", result.TotalTokensPerSecond);
        Spread("Time to First Token", "TTFT", result.TimeToFirstToken);
        Spread("Time per Output Token (excl. 1st token)", "TPOT", result.TimePerToken);
        Spread("Inter-token Latency", "ITL", result.InterToken);
        Spread("End-to-end Latency", "E2EL", result.Total);
        output.WriteLine(new string('=', Width));

        void Spread(string title, string name, Percentiles? numbers)
        {
            if (numbers is null)
            {
                return;
            }

            output.WriteLine(Center(title, '-'));
            Number($"Mean {name} (ms):", numbers.Mean);
            Number($"Median {name} (ms):", numbers.P50);
            Number($"P90 {name} (ms):", numbers.P90);
            Number($"P99 {name} (ms):", numbers.P99);
        }

        void Count(string name, long value) => Row(name, value.ToString(CultureInfo.InvariantCulture));

        void Number(string name, double? value)
        {
            if (value is double number)
            {
                Row(name, number.ToString("0.00", CultureInfo.InvariantCulture));
            }
        }

        void Row(string name, string value) => output.WriteLine($"{name.PadRight(NameWidth)} {value}");
    }

    private static string Center(string text, char filler)
    {
        int left = (Width - text.Length) / 2;
        return new string(filler, left) + text + new string(filler, Width - text.Length - left);
    }
}
