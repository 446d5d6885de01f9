using System.CommandLine;
using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Cuda.Driver;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>The verb <c>devices</c>: lists what this machine can compute with.</summary>
internal static class DevicesCommand
{
    /// <summary>Creates the verb.</summary>
    public static Command Create()
    {
        Command command = new("devices", "Lists the processor and the GPUs of this machine, and says why a GPU cannot be used.") { SharedOptions.Json };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        DevicesResult result = DevicesResult.Of(CudaDevices.Find());
        TextWriter output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(SharedOptions.Json))
        {
            output.WriteLine(JsonSerializer.Serialize(result, JsonOutput.Readable.DevicesResult));
        }
        else
        {
            DevicesTable.Write(result, output);
        }

        // A machine without a GPU is no failure.
        return ExitCode.Success;
    }
}
