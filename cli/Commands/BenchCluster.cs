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

/// <summary>bench --silos and --http: what running on grains and silos costs, and what HTTP does, beside running without.</summary>
internal static class BenchCluster
{
    /// <summary>Starts all contenders, measures them in turn and prints the comparison.</summary>
    public static async Task<int> RunAsync(
        ParseResult parsed, string folder, ModelOptions options, BenchPlan plan, int[] silos, bool http, CancellationToken cancellationToken)
    {
        ModelConfig config = ModelConfig.Load(folder);
        options = options with { Threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount };
        List<IContender> contenders = [];
        try
        {
            foreach (int count in silos)
            {
                contenders.Add(count == 0
                    ? LocalContender.Create(folder, options, cancellationToken)
                    : await ClusterContender.CreateAsync(Plan(folder, config, options, count), cancellationToken));
            }

            if (http)
            {
                LocalContender? local = contenders.OfType<LocalContender>().FirstOrDefault();
                if (local is null)
                {
                    contenders.Add(local = LocalContender.Create(folder, options, cancellationToken));
                }

                contenders.Add(await HttpContender.CreateAsync(local, cancellationToken));
            }

            ClusterMeter meter = new(contenders, plan, config.VocabSize, options.MaxBatchTokens);
            BenchContender[] results = ProgressDisplay.Run(
                "Measuring", bytes: false, report => meter.RunAsync(report, cancellationToken).GetAwaiter().GetResult());
            Write(parsed, new BenchClusterResult(
                folder, WeightTypes.Of(config, options.Mode, options.Quant).Name, options.Threads, plan.Prompt, plan.Generate, results));
            return ExitCode.Success;
        }
        finally
        {
            // The last one may serve an earlier one's model.
            foreach (IContender contender in Enumerable.Reverse(contenders))
            {
                await contender.DisposeAsync();
            }
        }
    }

    // Several silos share the CPUs: bound to them, their workers would wait for each other.
    private static DrillPlan Plan(string folder, ModelConfig config, ModelOptions options, int silos) => new()
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
            BenchClusterSheet.Write(result, output);
        }
    }
}
