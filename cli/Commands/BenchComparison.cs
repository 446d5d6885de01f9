using System.CommandLine;
using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.Cli.Measuring;
using HunyuanOrleans.Cli.Measuring.Cluster;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>Runs <c>bench --silos</c> and <c>bench --http</c>, which compare the model on silos or behind the HTTP server with the model alone.</summary>
internal static class BenchComparison
{
    /// <summary>Starts all targets, measures them in turn and prints the comparison.</summary>
    public static async Task<int> RunAsync(
        ParseResult parsed, string folder, ModelOptions options, BenchPlan plan, int[] siloCounts, bool http, CancellationToken cancellationToken)
    {
        ModelConfig config = ModelConfig.Load(folder);
        options = options with { Threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount };
        List<IBenchTarget> targets = [];
        try
        {
            foreach (int count in siloCounts)
            {
                targets.Add(count == 0
                    ? LocalTarget.Create(folder, options, cancellationToken)
                    : await ClusterTarget.CreateAsync(CreatePlan(folder, config, options, count), cancellationToken));
            }

            if (http)
            {
                LocalTarget? local = targets.OfType<LocalTarget>().FirstOrDefault();
                if (local is null)
                {
                    targets.Add(local = LocalTarget.Create(folder, options, cancellationToken));
                }

                targets.Add(await HttpTarget.CreateAsync(local, cancellationToken));
            }

            ClusterBenchmark benchmark = new(targets, plan, config.VocabSize, options.MaxBatchTokens);
            BenchTargetResult[] results = ProgressDisplay.Run(
                "Measuring", bytes: false, report => benchmark.RunAsync(report, cancellationToken).GetAwaiter().GetResult());
            Write(parsed, new BenchClusterResult(
                folder, WeightTypes.Of(config, options.Mode, options.Quant).Name, options.Threads, plan.Prompt, plan.Generate, results));
            return ExitCode.Success;
        }
        finally
        {
            // In reverse order: the HTTP target serves the model of an earlier target.
            foreach (IBenchTarget target in Enumerable.Reverse(targets))
            {
                await target.DisposeAsync();
            }
        }
    }

    // Threads are pinned only for a single silo: workers of several silos that are pinned to the same CPUs would wait for each other.
    private static DrillPlan CreatePlan(string folder, ModelConfig config, ModelOptions options, int silos) => new()
    {
        Folder = folder,
        Config = config,
        Silos = silos,
        Streams = 1,
        Rounds = 0,
        Action = DrillAction.Join,
        Options = options with { PinThreads = options.PinThreads && silos == 1, OnWarning = null },
    };

    private static void Write(ParseResult parsed, BenchClusterResult result)
    {
        TextWriter output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(SharedOptions.Json))
        {
            output.WriteLine(JsonSerializer.Serialize(result, JsonOutput.Readable.BenchClusterResult));
        }
        else
        {
            BenchClusterTable.Write(result, output);
        }
    }
}
