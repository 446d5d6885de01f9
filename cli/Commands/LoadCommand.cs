using System.CommandLine;
using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Measuring;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>The verb <c>load</c>: sends many streamed requests to any server with OpenAI's API and reports its latencies and its throughput.</summary>
internal static class LoadCommand
{
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

    private static readonly Option<int?> Requests = Number(["--requests", "--num-prompts"], "The number of requests to send.", 100, 10_000_000);

    private static readonly Option<int?> Concurrency = Number(
        ["--max-concurrency", "--concurrency"], "The largest number of requests in progress at the same time.", 8, 100_000);

    private static readonly Option<double?> Rate = new Option<double?>("--request-rate", "--rate")
    {
        Description = "Start R requests per second on average, at the random times of a Poisson process. [default: as fast as --max-concurrency allows]",
        HelpName = "R",
    }.InRange(0.001, 1e6);

    private static readonly Option<int?> PromptLength = Number(["--prompt-len"], "The number of words of a prompt, or of token ids with --ids.", 64, 1_000_000);

    private static readonly Option<int?> AnswerLength = Number(["--gen-len"], "The number of tokens of an answer.", 64, 1_000_000);

    private static readonly Option<bool> StopEarly = new("--stop-early")
    {
        Description = "Let the model end answers. Without this option, ignore_eos requests the full length.",
    };

    private static readonly Option<bool> Ids = new("--ids")
    {
        Description = "Send completions of token ids instead of chats, for models without a tokenizer.",
    };

    private static readonly Option<int?> Seed = Number(["--seed"], "The seed of the prompts and of the start times.", 1, int.MaxValue);

    private static readonly Option<string[]> Goodput = new("--goodput")
    {
        Description = "Count the requests that meet limits in milliseconds: ttft (time to the first token), tpot (time per token after it) and e2el "
            + "(whole request), such as ttft:500 tpot:50.",
        HelpName = "NAME:MS",
        AllowMultipleArgumentsPerToken = true,
    };

    /// <summary>Creates the verb.</summary>
    public static Command Create()
    {
        Command command = new("load", "Measures a server with OpenAI's API under load.")
        {
            Url, Model, HttpServerOptions.Key, Requests, Concurrency, Rate, PromptLength, AnswerLength, StopEarly, Ids, Seed, Goodput, SharedOptions.Json,
        };
        command.SetAction((parsed, _) => RunAsync(parsed));
        return command;
    }

    private static Option<int?> Number(string[] names, string description, int defaultValue, int most) => new Option<int?>(names[0], names[1..])
    {
        Description = description,
        DefaultValueFactory = _ => defaultValue,
        HelpName = "N",
    }.InRange(1, most);

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        using InterruptHandler interrupt = new();
        using HttpClient http = new() { Timeout = Timeout.InfiniteTimeSpan };
        GoodputLimits? goodput = ParseGoodput(parsed.GetValue(Goodput));
        Uri url = HttpServerOptions.ParseUrl(parsed.GetValue(Url)!);
        string? key = HttpServerOptions.ReadKey(parsed);
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
            parsed.GetValue(Seed)!.Value,
            goodput);
        LoadClient client = new(http, plan, TimeProvider.System);
        (LoadSample[] samples, double seconds) = ([], 0);
        await ProgressDisplay.RunAsync("Sending", bytes: false, async report => (samples, seconds) = await LoadGenerator.RunAsync(
            client, plan, TimeProvider.System, done => report(done, plan.Requests), interrupt.Token));
        LoadResult result = LoadResult.Of(plan, samples, seconds);
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

    private static GoodputLimits? ParseGoodput(string[]? words) => words is not { Length: > 0 }
        ? null
        : GoodputLimits.Parse(words) ?? throw new UsageException($"{Goodput.Name} takes {GoodputLimits.Allowed}, not '{string.Join(' ', words)}'.");

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
        output.WriteLine($"{result.Requests} requests to {plan.Model} at {plan.Url}");
        LoadTable.Write(result, output);
        foreach ((string error, int count) in result.Errors)
        {
            output.WriteLine($"failed: {count} x {error}");
        }
    }
}
