using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Measuring;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>The verb <c>load</c>: sends many streamed requests to any server with OpenAI's API and reports its latencies and its throughput.</summary>
internal static class LoadCommand
{
    private const string KeyVariable = "OPENAI_API_KEY";

    private static readonly Option<string> Url = new("--url")
    {
        Description = "The address of the server, with or without /v1.",
        DefaultValueFactory = _ => "http://127.0.0.1:8020",
        HelpName = "URL",
    };

    private static readonly Option<string?> Model = new("--served-model-name")
    {
        Description = "The name of the model in requests. [default: the first model that the server lists]",
        HelpName = "NAME",
    };

    private static readonly Option<string?> Key = new("--api-key")
    {
        Description = $"The API key. [default: the variable {KeyVariable}]",
        HelpName = "KEY",
    };

    private static readonly Option<int?> Requests = Number("--requests", "The number of requests to send.", 100, 10_000_000);

    private static readonly Option<int?> Concurrency = Number("--concurrency", "The largest number of requests in progress at the same time.", 8, 100_000);

    private static readonly Option<double?> Rate = new Option<double?>("--rate")
    {
        Description = "Start R requests per second on average, at random times. [default: as fast as --concurrency allows]",
        HelpName = "R",
    }.InRange(0.001, 1e6);

    private static readonly Option<int?> PromptLength = Number("--prompt-len", "The number of words of a prompt, or of token ids with --ids.", 64, 1_000_000);

    private static readonly Option<int?> AnswerLength = Number("--gen-len", "The number of tokens of an answer.", 64, 1_000_000);

    private static readonly Option<bool> StopEarly = new("--stop-early")
    {
        Description = "Let the model end answers. Without this option, ignore_eos requests the full length.",
    };

    private static readonly Option<bool> Ids = new("--ids")
    {
        Description = "Send completions of token ids instead of chats, for models without a tokenizer.",
    };

    private static readonly Option<int?> Seed = Number("--seed", "The seed of the prompts and of the start times.", 1, int.MaxValue);

    /// <summary>Creates the verb.</summary>
    public static Command Create()
    {
        Command command = new("load", "Measures a server with OpenAI's API under load.")
        {
            Url, Model, Key, Requests, Concurrency, Rate, PromptLength, AnswerLength, StopEarly, Ids, Seed, SharedOptions.Json,
        };
        command.SetAction((parsed, _) => RunAsync(parsed));
        return command;
    }

    private static Option<int?> Number(string name, string description, int defaultValue, int most) => new Option<int?>(name)
    {
        Description = description,
        DefaultValueFactory = _ => defaultValue,
        HelpName = "N",
    }.InRange(1, most);

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        using InterruptHandler interrupt = new();
        using HttpClient http = new() { Timeout = Timeout.InfiniteTimeSpan };
        Uri url = ParseUrl(parsed.GetValue(Url)!);
        string? key = parsed.GetValue(Key) ?? Environment.GetEnvironmentVariable(KeyVariable);
        LoadPlan plan = new(
            url,
            parsed.GetValue(Model) ?? await FirstModelAsync(http, url, key, interrupt.Token),
            key,
            parsed.GetValue(Requests)!.Value,
            parsed.GetValue(Concurrency)!.Value,
            parsed.GetValue(Rate),
            parsed.GetValue(PromptLength)!.Value,
            parsed.GetValue(AnswerLength)!.Value,
            IgnoreEos: !parsed.GetValue(StopEarly),
            parsed.GetValue(Ids),
            parsed.GetValue(Seed)!.Value);
        LoadClient client = new(http, plan, TimeProvider.System);
        (LoadSample[] samples, double seconds) = await LoadGenerator.RunAsync(client, plan, TimeProvider.System, _ => { }, interrupt.Token);
        LoadResult result = LoadResult.Of(samples, seconds);
        TextWriter output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(SharedOptions.Json))
        {
            output.WriteLine(JsonSerializer.Serialize(result, JsonOutput.Readable.LoadResult));
        }
        else
        {
            Write(output, plan, result);
        }

        return result.Succeeded > 0 ? ExitCode.Success : ExitCode.Failure;
    }

    private static Uri ParseUrl(string text)
    {
        string bare = text.TrimEnd('/');
        bare = bare.EndsWith("/v1", StringComparison.Ordinal) ? bare[..^3] : bare;
        return Uri.TryCreate(bare.TrimEnd('/') + "/", UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https"
            ? url
            : throw new UsageException($"--url must be an http or https address, not '{text}'.");
    }

    private static async Task<string> FirstModelAsync(HttpClient http, Uri url, string? key, CancellationToken cancellation)
    {
        try
        {
            using HttpRequestMessage request = new(HttpMethod.Get, new Uri(url, "v1/models"));
            request.Headers.Authorization = key is null ? null : new("Bearer", key);
            using HttpResponseMessage response = await http.SendAsync(request, cancellation);
            response.EnsureSuccessStatusCode();
            using JsonDocument list = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellation));
            return list.RootElement.GetProperty("data")[0].GetProperty("id").GetString()!;
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException)
        {
            throw new ModelException($"{url} does not list its models: {e.Message}", e);
        }
    }

    private static void Write(TextWriter output, LoadPlan plan, LoadResult result)
    {
        Line($"{result.Requests} requests to {plan.Model} at {plan.Url}, at most {plan.Concurrency} at once: {result.Succeeded} answered in {result.Seconds:0.0} s");
        Line($"{result.RequestsPerSecond:0.0} requests/s, {result.TokensPerSecond:0.0} tokens/s; {result.PromptTokens} prompt and {result.AnswerTokens} answer tokens");
        Line($"{"milliseconds",-20} {"mean",9} {"p50",9} {"p90",9} {"p95",9} {"p99",9} {"max",9}");
        Spread("time to first token", result.TimeToFirstToken);
        Spread("time per token", result.TimePerToken);
        Spread("between pieces", result.InterToken);
        Spread("whole request", result.Total);
        foreach ((string error, int count) in result.Errors)
        {
            Line($"failed: {count} x {error}");
        }

        void Spread(string name, Percentiles? p)
        {
            if (p is not null)
            {
                Line($"{name,-20} {p.Mean,9:0.00} {p.P50,9:0.00} {p.P90,9:0.00} {p.P95,9:0.00} {p.P99,9:0.00} {p.Max,9:0.00}");
            }
        }

        void Line(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
    }
}
