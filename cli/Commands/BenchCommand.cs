using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Measuring;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Cli.Sessions;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>The verb <c>bench</c>: measures how fast a model runs on this machine, compared with the limits of the machine.</summary>
internal static class BenchCommand
{
    private static readonly Option<int?> Prompt = Count("--prompt", 512, "Number of tokens of each prompt.");
    private static readonly Option<int?> Generate = Count("--gen", 64, "Number of measured tokens of each answer.");
    private static readonly Option<int?> Repeat = Count(
        "--repeat", 3, "Number of runs of each measurement. The fastest counts, because disturbances only make a run slower.");

    private static readonly Option<int[]> Batch = new Option<int[]>("--batch")
    {
        Description = "The numbers of answers to decode together. [default: 1,4,8]",
        HelpName = "1,4,8",
    }.ListInRange(1, 64);

    private static readonly Option<int[]> Silos = new Option<int[]>("--silos")
    {
        Description = "Compare clusters with these numbers of silos on this machine; 0 means this process without a cluster. Ratios are relative to "
            + "the first number.",
        HelpName = "0,1,3",
    }.ListInRange(0, 16);

    private static readonly Option<bool> Http = new("--http")
    {
        Description = "Compare the model behind the HTTP server with the model alone. Client and server run in this process.",
    };

    private static readonly Option<string?> Speculate = new("--speculate")
    {
        Description = "Compare decoding with and without guessed tokens on the text of FILE: its first --prompt tokens are the prompt, and the next --gen are "
            + "the answer, whatever the model draws. --speculative-tokens sets how tokens are guessed.",
        HelpName = "FILE",
    };

    private static readonly Option<int?> LoraRank = new Option<int?>("--lora-rank")
    {
        Description = "Compare decoding on the bare model with decoding where every answer has a random LoRA adapter of its own, of rank N on q, k, v and o.",
        HelpName = "N",
    }.InRange(1, 512);

    /// <summary>Creates the verb.</summary>
    public static Command Create()
    {
        Command command = new("bench", "Measures prefill and decode speed and compares them with the limits of the machine.")
        {
            SharedOptions.Model, Prompt, Generate, Batch, Repeat, Silos, Http, Speculate, SharedOptions.Speculation, SharedOptions.Mtp, LoraRank,
        };
        SharedOptions.AddArithmeticTo(command);
        command.Add(SharedOptions.Json);
        command.SetAction((parsed, _) => RunAsync(parsed));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        int[] batches = parsed.GetValue(Batch) is { Length: > 0 } given ? given : [1, 4, 8];
        BenchPlan plan = new(parsed.GetValue(Prompt) ?? 512, parsed.GetValue(Generate) ?? 64, batches, parsed.GetValue(Repeat) ?? 3);
        string folder = SharedOptions.ModelFolder(parsed);
        ModelOptions options = ComputeSettings.Read(parsed);
        options = options with { KvTokens = plan.KvTokens(options.MaxBatchTokens, KvBlocks.Positions) };
        using InterruptHandler interrupt = new();
        int[] siloCounts = parsed.GetValue(Silos) ?? [];
        bool http = parsed.GetValue(Http);
        string? text = parsed.GetValue(Speculate);
        if (text is not null && options.Mtp)
        {
            throw new UsageException($"{Speculate.Name} gives the answers, and {SharedOptions.Mtp.Name} guesses what the model draws; leave out one of them.");
        }

        if (text is not null || options.Mtp)
        {
            return siloCounts.Length > 0 || http || parsed.GetValue(LoraRank) is not null
                ? throw new UsageException(
                    $"{(text is null ? SharedOptions.Mtp.Name : Speculate.Name)} compares runs in this process; leave out {Silos.Name}, {Http.Name} and {LoraRank.Name}.")
                : await BenchSpeculationRun.RunAsync(parsed, folder, options, plan, text, interrupt.Token);
        }

        if (SharedOptions.FindGiven(parsed, [SharedOptions.Speculation]) is { } alone)
        {
            throw new UsageException($"{alone.Name} requires {Speculate.Name} or {SharedOptions.Mtp.Name}: other measurements guess no tokens.");
        }

        if (parsed.GetValue(LoraRank) is int rank)
        {
            return siloCounts.Length > 0 || http
                ? throw new UsageException($"{LoraRank.Name} compares runs in this process; leave out {Silos.Name} and {Http.Name}.")
                : plan.Generate < 2
                ? throw new UsageException($"{Generate.Name} is {plan.Generate}; allowed with {LoraRank.Name}: 2 or more, as the first token belongs to the prompt.")
                : BenchAdaptersRun.Run(parsed, folder, options, plan, rank, interrupt.Token);
        }

        if (siloCounts.Length > 0 || http)
        {
            return await BenchComparison.RunAsync(parsed, folder, options, plan, siloCounts, http, interrupt.Token);
        }

        long started = Stopwatch.GetTimestamp();
        using ModelRunner model = ModelLoading.Load(folder, options, interrupt.Token);
        double load = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await using SpeedBenchmark benchmark = new(model, plan);
        (BenchPrefill prefill, BenchDecode[] decode) = ProgressDisplay.Run(
            "Measuring", bytes: false, report => MeasureAsync(benchmark, plan, report, interrupt.Token).GetAwaiter().GetResult());

        BenchResult result = new(
            folder,
            model.Types.Name,
            options.CacheFormat.Name(),
            model.Pool.Threads,
            InstructionSets.Choose().ToString().ToLowerInvariant(),
            new InspectedParameters(model.Config.ParameterCount.Total, model.Config.ParameterCount.Active),
            model.WeightBytes,
            load,
            plan.Prompt,
            plan.Generate,
            prefill,
            decode);
        TextWriter output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(SharedOptions.Json))
        {
            output.WriteLine(JsonSerializer.Serialize(result, JsonOutput.Readable.BenchResult));
        }
        else
        {
            BenchTable.Write(result, output);
        }

        return ExitCode.Success;
    }

    private static async Task<(BenchPrefill Prefill, BenchDecode[] Decode)> MeasureAsync(
        SpeedBenchmark benchmark, BenchPlan plan, ProgressReport report, CancellationToken cancellation)
    {
        int done = 0;
        await benchmark.WarmUpAsync(cancellation);
        BenchPrefill prefill = await BestAsync(() => benchmark.PrefillAsync(cancellation), run => run.FractionOfPeak);
        List<BenchDecode> decode = [];
        foreach (int batch in plan.Batches)
        {
            decode.Add(await BestAsync(() => benchmark.DecodeAsync(batch, cancellation), run => run.FractionOfRead));
        }

        return (prefill, [.. decode]);

        async Task<T> BestAsync<T>(Func<Task<T>> measure, Func<T, double> score)
        {
            List<T> runs = [];
            for (int i = 0; i < plan.Repeats; i++)
            {
                runs.Add(await measure());
                report(++done, plan.Runs);
            }

            return runs.MaxBy(score)!;
        }
    }

    private static Option<int?> Count(string name, int defaultValue, string description) =>
        new Option<int?>(name) { Description = $"{description} [default: {defaultValue}]", HelpName = "N" }.InRange(1, 1 << 20);
}
