using System.CommandLine;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;
using HunyuanOrleans.Cli.Batches;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Output;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>The verb <c>run-batch</c>: answers a file of requests in OpenAI's batch format, with a model in this process or on a server.</summary>
internal static class RunBatchCommand
{
    private const int DefaultConcurrency = 64, DefaultRetries = 5, ProgressLines = 20;

    private static readonly Option<string> Input = new("--input-file", "-i")
    {
        Description = "A file with a request {\"custom_id\", \"method\", \"url\", \"body\"} per line.",
        HelpName = "FILE",
        Required = true,
    };

    private static readonly Option<string> Answers = new("--output-file", "-o")
    {
        Description = "Write an answer {\"id\", \"custom_id\", \"response\", \"error\"} per line, in the order in which they are complete. Requests that the "
            + "file answers already are not sent again; those that failed are.",
        HelpName = "FILE",
        Required = true,
    };

    private static readonly Option<string?> Url = new("--url")
    {
        Description = "Send the requests to a server with OpenAI's API, such as a silo, with or without /v1. [default: compute on this machine]",
        HelpName = "URL",
    };

    private static readonly Option<int?> Concurrency = new Option<int?>("--max-concurrency")
    {
        Description = $"The largest number of requests in progress at the same time. [default: {DefaultConcurrency}]",
        HelpName = "N",
    }.InRange(1, 1000);

    private static readonly Option<int?> Retries = new Option<int?>("--retries")
    {
        Description = $"How often a request is repeated if the server is busy or does not respond. [default: {DefaultRetries}]",
        HelpName = "N",
    }.InRange(0, 100);

    /// <summary>Creates the verb.</summary>
    public static Command Create()
    {
        Command command = new("run-batch", "Answers a file of requests in OpenAI's batch format.")
        {
            SharedOptions.Model, Input, Answers, Url, HttpServerOptions.Key, ServedModelOptions.Name, Concurrency, Retries,
        };
        SharedOptions.AddComputeTo(command);
        SharedOptions.AddGuessingTo(command);
        command.Add(SharedOptions.Json);
        command.SetAction((parsed, _) => RunAsync(parsed));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        Uri? url = ReadUrl(parsed);
        BatchInput input = new(parsed.GetRequiredValue(Input));
        Dictionary<string, string> ids = input.Check();
        using InterruptHandler interrupt = new();
        using BatchOutput output = BatchOutput.Open(parsed.GetRequiredValue(Answers), ids);
        if (output.AnsweredBefore == ids.Count)
        {
            return Print(parsed, new RunBatchResult(ids.Count, ids.Count, 0, 0, 0, 0, 0, parsed.GetRequiredValue(Answers)));
        }

        await using BatchServer? local = url is null ? await BatchServer.StartAsync(ServedModelOptions.Read(parsed), interrupt.Token) : null;
        using HttpClient http = local?.CreateClient() ?? Connect(url!, HttpServerOptions.ReadKey(parsed));
        BatchRunner runner = new(
            new BatchClient(http, parsed.GetValue(Retries) ?? DefaultRetries, TimeProvider.System), output, parsed.GetValue(Concurrency) ?? DefaultConcurrency);
        long started = Stopwatch.GetTimestamp();
        await ShowAsync(parsed.InvocationConfiguration.Error, report => runner.RunAsync(input.Read(), ids.Count, report, interrupt.Token));
        return Print(parsed, new RunBatchResult(
            ids.Count,
            output.AnsweredBefore,
            runner.Succeeded,
            runner.Failed,
            runner.PromptTokens,
            runner.AnswerTokens,
            Stopwatch.GetElapsedTime(started).TotalSeconds,
            parsed.GetRequiredValue(Answers)));
    }

    private static Uri? ReadUrl(ParseResult parsed)
    {
        if (Path.GetFullPath(parsed.GetRequiredValue(Input)) == Path.GetFullPath(parsed.GetRequiredValue(Answers)))
        {
            throw new UsageException($"{Input.Name} and {Answers.Name} must be different files.");
        }

        bool remote = parsed.GetValue(Url) is not null;
        Option[] others = remote ? [SharedOptions.Model, ServedModelOptions.Name, .. SharedOptions.Guessing, .. SharedOptions.Compute] : [HttpServerOptions.Key];
        if (SharedOptions.FindGiven(parsed, others) is { } conflicting)
        {
            throw new UsageException(remote
                ? $"{conflicting.Name} is for a model in this process, but with {Url.Name} the server computes."
                : $"{conflicting.Name} requires {Url.Name}.");
        }

        return remote ? HttpServerOptions.ParseUrl(parsed.GetValue(Url)!) : null;
    }

    private static HttpClient Connect(Uri url, string? key)
    {
        HttpClient http = new() { BaseAddress = url, Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        return http;
    }

    // An interactive terminal gets a progress bar. A log gets a line for each twentieth of the batch.
    private static Task ShowAsync(TextWriter error, Func<ProgressReport, Task> work)
    {
        if (TerminalFeatures.IsInteractive)
        {
            return ProgressDisplay.RunAsync("Answering", bytes: false, work);
        }

        TextWriter log = TextWriter.Synchronized(error);
        return work((done, total, note) =>
        {
            if (done * ProgressLines / total != (done - 1) * ProgressLines / total)
            {
                log.WriteLine($"Answering: {done} of {total} {note}".TrimEnd());
            }
        });
    }

    private static int Print(ParseResult parsed, RunBatchResult result)
    {
        parsed.InvocationConfiguration.Output.WriteLine(parsed.GetValue(SharedOptions.Json)
            ? JsonSerializer.Serialize(result, JsonOutput.Readable.RunBatchResult)
            : FormattableString.Invariant($"{result.Requests} requests: {result.AnsweredBefore} answered before, {result.Succeeded} succeeded and {result.Failed} failed in {result.Seconds:0.0} s; ")
            + $"{result.PromptTokens} prompt and {result.AnswerTokens} answer tokens. The answers are in {result.Output}.");
        return result.Failed == 0 ? ExitCode.Success : ExitCode.Failure;
    }
}
