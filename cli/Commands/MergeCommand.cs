using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Model.Adapters.Merging;
using HunyuanOrleans.Model.Checkpoints;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>The verb <c>merge</c>: adds a LoRA adapter to the weights of a model.</summary>
internal static class MergeCommand
{
    private static readonly Dictionary<string, StoredType> Types = new()
    {
        ["bf16"] = StoredType.BF16, ["f16"] = StoredType.F16, ["f32"] = StoredType.F32,
    };

    private static readonly Option<string> Lora = new("--lora") { Description = "The folder of the adapter, as PEFT writes it.", HelpName = "DIR", Required = true };

    private static readonly Option<string> Out = new("--out", "-o") { Description = "The folder to write; it must be empty or not exist.", HelpName = "DIR", Required = true };

    private static readonly Option<string?> Type = new Option<string>("--dtype")
    {
        Description = "The type of all written weights. [default: each as it is stored]",
        HelpName = string.Join('|', Types.Keys),
    }.OneOf([.. Types.Keys])!;

    /// <summary>Creates the verb.</summary>
    public static Command Create()
    {
        Command command = new("merge", "Adds a LoRA adapter to the weights of a model and writes the result as a model.")
        {
            SharedOptions.Model, Lora, Out, Type, SharedOptions.Json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        string model = SharedOptions.ModelFolder(parsed);
        string output = parsed.GetRequiredValue(Out);
        StoredType? type = parsed.GetValue(Type) is { } name ? Types[name] : null;
        long started = Stopwatch.GetTimestamp();
        using InterruptHandler interrupt = new();
        long bytes = ProgressDisplay.Run(
            "Merging",
            bytes: true,
            report => AdapterMerger.Merge(model, parsed.GetRequiredValue(Lora), output, type, (done, total) => report(done, total), interrupt.Token));
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        parsed.InvocationConfiguration.Output.WriteLine(parsed.GetValue(SharedOptions.Json)
            ? JsonSerializer.Serialize(new MergeResult(output, bytes, Math.Round(seconds, 3)), JsonOutput.Readable.MergeResult)
            : $"{output}: {Units.Bytes(bytes)} of weights, {seconds:0.0} s");
        return ExitCode.Success;
    }
}
