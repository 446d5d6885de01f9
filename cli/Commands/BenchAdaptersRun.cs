using System.CommandLine;
using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Measuring;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Cli.Sessions;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>Runs <c>bench --lora-rank</c>, which compares decoding with and without adapters.</summary>
internal static class BenchAdaptersRun
{
    private static readonly string[] Targets = ["q_proj", "k_proj", "v_proj", "o_proj"];

    /// <summary>Loads the model, measures and prints the comparison.</summary>
    /// <exception cref="ModelException">The model cannot run it.</exception>
    public static int Run(ParseResult parsed, string folder, ModelOptions options, BenchPlan plan, int rank, CancellationToken cancellationToken)
    {
        using ModelRunner model = ModelLoading.Load(folder, options, cancellationToken);
        AdapterBenchmark benchmark = new(model, plan, rank, Targets);
        BenchAdapters[] runs = ProgressDisplay.Run(
            "Measuring", bytes: false, report => benchmark.RunAsync(report, cancellationToken).GetAwaiter().GetResult());
        BenchAdaptersResult result = new(folder, model.Types.Name, model.Pool.Threads, rank, Targets, plan.Prompt, plan.Generate, runs);
        TextWriter output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(SharedOptions.Json))
        {
            output.WriteLine(JsonSerializer.Serialize(result, JsonOutput.Readable.BenchAdaptersResult));
        }
        else
        {
            BenchAdaptersTable.Write(result, output);
        }

        return ExitCode.Success;
    }
}
