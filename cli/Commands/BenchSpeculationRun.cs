using System.CommandLine;
using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Measuring;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Cli.Sessions;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>Runs <c>bench --speculate</c>, which compares decoding a text with and without guessed tokens.</summary>
internal static class BenchSpeculationRun
{
    /// <summary>Loads the model, measures and prints the comparison.</summary>
    /// <exception cref="ModelException">The text is too short, or the model cannot run it.</exception>
    public static async Task<int> RunAsync(ParseResult parsed, string folder, ModelOptions options, BenchPlan plan, string file, CancellationToken cancellationToken)
    {
        // A model with random weights may have no tokenizer. Any will do, because the answer does not come from the model.
        Tokenizer tokenizer = Tokenizer.Load(Tokenizer.Exists(folder) ? folder : DefaultModel.Bundled());
        int[] text = tokenizer.Encode(await File.ReadAllTextAsync(file, cancellationToken));
        int needed = plan.Prompt + plan.Generate;
        if (text.Length < needed)
        {
            throw new ModelException($"{file} has {text.Length} tokens; --prompt and --gen need {needed}.");
        }

        using ModelRunner model = ModelLoading.Load(folder, options, cancellationToken);
        if (text.Max() is int largest && largest >= model.Config.VocabSize)
        {
            throw new ModelException($"{file} has token {largest}, and the model has {model.Config.VocabSize} tokens.");
        }

        SpeculationBenchmark benchmark = new(model, plan, text[..needed], ComputeSettings.Scheduler(parsed).Speculation);
        BenchSpeculation[] runs = ProgressDisplay.Run(
            "Measuring", bytes: false, report => benchmark.RunAsync(report, cancellationToken).GetAwaiter().GetResult());
        BenchSpeculationResult result = new(folder, model.Types.Name, model.Pool.Threads, file, plan.Prompt, plan.Generate, runs);
        TextWriter output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(SharedOptions.Json))
        {
            output.WriteLine(JsonSerializer.Serialize(result, JsonOutput.Readable.BenchSpeculationResult));
        }
        else
        {
            BenchSpeculationTable.Write(result, output);
        }

        return ExitCode.Success;
    }
}
