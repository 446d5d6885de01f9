using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>The verb <c>make-model</c>: writes a model folder with random weights, to try any size without a download.</summary>
internal static class MakeModelCommand
{
    private static readonly Option<string> Out = new("--out", "-o")
    {
        Description = "The folder to write; it must be empty or not exist.",
        HelpName = "DIR",
        Required = true,
    };

    /// <summary>Creates the verb.</summary>
    public static Command Create()
    {
        Command command = new("make-model", "Writes a model of any size with random weights. It has no tokenizer, so use it with --ids.") { Out };
        ShapeOptions.AddTo(command);
        command.Add(SharedOptions.Json);
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        RandomModelOptions shape = ShapeOptions.Read(parsed);
        string folder = parsed.GetRequiredValue(Out);
        ParameterCount count = RandomModel.Config(shape).ParameterCount;
        long started = Stopwatch.GetTimestamp();
        using InterruptHandler interrupt = new();
        ProgressDisplay.Run("Writing", bytes: true, report =>
        {
            RandomModel.Write(shape, folder, (done, total) => report(done, total), interrupt.Token);
            return true;
        });

        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        long bytes = Directory.EnumerateFiles(folder).Sum(file => new FileInfo(file).Length);
        TextWriter output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(SharedOptions.Json))
        {
            MakeModelResult result = new(folder, new InspectedParameters(count.Total, count.Active), bytes, Math.Round(seconds, 3));
            output.WriteLine(JsonSerializer.Serialize(result, JsonOutput.Readable.MakeModelResult));
        }
        else
        {
            string parameters = $"{Units.Count(count.Total)} parameters, {Units.Count(count.Active)} active";
            output.WriteLine($"{folder}: {parameters}, {Units.Bytes(bytes)}, {seconds:0.0} s");
        }

        return ExitCode.Success;
    }
}
