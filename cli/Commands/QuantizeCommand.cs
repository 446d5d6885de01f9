using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.Model.Quantization.Writing;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>The verb <c>quantize</c>: writes a quantised copy of a model, so that it need not be quantised at every start.</summary>
internal static class QuantizeCommand
{
    private static readonly Argument<string> Source = new("MODEL") { Description = "The folder of the model, which must not be quantised." };

    private static readonly Argument<string> Target = new("OUT") { Description = "The folder to write; it must be empty or not exist." };

    private static readonly Option<string> To = new Option<string>("--to")
    {
        Description = "The format of the copy; see --quant of generate.",
        HelpName = string.Join('|', QuantFormats.Names.Skip(1)),
        Required = true,
    }.OneOf([.. QuantFormats.Names.Skip(1)]);

    /// <summary>Creates the verb.</summary>
    public static Command Create()
    {
        Command command = new("quantize", "Writes a quantised copy of a model, which loads like any other.") { Source, Target, To, SharedOptions.Json };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        string source = parsed.GetRequiredValue(Source);
        string target = parsed.GetRequiredValue(Target);
        QuantFormat format = QuantFormats.Parse(parsed.GetRequiredValue(To));
        if (!Directory.Exists(source) && !File.Exists(source))
        {
            throw new ModelException($"{source}: there is no such folder.");
        }

        long started = Stopwatch.GetTimestamp();
        using InterruptHandler interrupt = new();
        long bytes = ProgressDisplay.Run(
            "Quantising", bytes: true, report => ModelQuantizer.Quantize(source, target, format, (done, total) => report(done, total), interrupt.Token));
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        long before = Directory.EnumerateFiles(source, "*.safetensors").Sum(file => new FileInfo(file).Length);
        TextWriter output = parsed.InvocationConfiguration.Output;
        output.WriteLine(parsed.GetValue(SharedOptions.Json)
            ? JsonSerializer.Serialize(new QuantizeResult(format.Name(), target, before, bytes, Math.Round(seconds, 3)), JsonOutput.Readable.QuantizeResult)
            : $"{target}: {format.Name()}, {Units.Bytes(bytes)} of weights instead of {Units.Bytes(before)}, {seconds:0.0} s");
        return ExitCode.Success;
    }
}
