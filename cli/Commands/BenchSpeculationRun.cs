using System.CommandLine;
using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Measuring;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Cli.Sessions;
using HunyuanOrleans.Engine.Speculation;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>
/// Runs <c>bench --speculate</c> and <c>bench --mtp-tokens</c>, which compare decoding with and without guessed tokens: of a text, and of answers that the
/// model draws.
/// </summary>
internal static class BenchSpeculationRun
{
    /// <summary>Loads the model, measures and prints the comparison.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="folder">The model folder.</param>
    /// <param name="options">How the model is loaded.</param>
    /// <param name="plan">Lengths, batches and number of runs.</param>
    /// <param name="file">The file with the text; null for answers that the model draws.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <exception cref="ModelException">The text is too short, or the model cannot run it.</exception>
    public static async Task<int> RunAsync(ParseResult parsed, string folder, ModelOptions options, BenchPlan plan, string? file, CancellationToken cancellationToken)
    {
        int[]? text = file is null ? null : await ReadAsync(file, folder, plan.Prompt + plan.Generate, cancellationToken);
        using ModelRunner model = ModelLoading.Load(folder, options, cancellationToken);
        if (text?.Max() is int largest && largest >= model.Config.VocabSize)
        {
            throw new ModelException($"{file} has token {largest}, and the model has {model.Config.VocabSize} tokens.");
        }

        SpeculationBenchmark benchmark = new(model, plan, text, Guesses(parsed));
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

    // Guesses from the text so far would be measured together with those of the MTP layer, so they must be asked for.
    private static SpeculationOptions Guesses(ParseResult parsed)
    {
        SpeculationOptions guesses = ComputeSettings.Scheduler(parsed).Speculation;
        return guesses.MtpTokens > 0 && SharedOptions.FindGiven(parsed, [SharedOptions.Speculation]) is null ? guesses with { MaxTokens = 0 } : guesses;
    }

    private static async Task<int[]> ReadAsync(string file, string folder, int needed, CancellationToken cancellationToken)
    {
        // A model with random weights may have no tokenizer. Any will do, because the answer does not come from the model.
        Tokenizer tokenizer = Tokenizer.Load(Tokenizer.Exists(folder) ? folder : DefaultModel.Bundled());
        int[] text = tokenizer.Encode(await File.ReadAllTextAsync(file, cancellationToken));
        return text.Length >= needed ? text[..needed] : throw new ModelException($"{file} has {text.Length} tokens; --prompt and --gen need {needed}.");
    }
}
