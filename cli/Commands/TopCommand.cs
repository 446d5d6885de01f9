using System.CommandLine;
using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Cli.Watching;
using HunyuanOrleans.Client;
using Spectre.Console;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>The verb <c>top</c>: shows a model on a cluster, updated continuously.</summary>
internal static class TopCommand
{
    private static readonly Option<int?> Interval = new Option<int?>("--interval")
    {
        Description = "The number of seconds between updates. [default: 1]",
        HelpName = "N",
    }.InRange(1, 3600);

    private static readonly Option<bool> Once = new("--once") { Description = "Show the state once and exit." };

    /// <summary>Creates the verb.</summary>
    public static Command Create()
    {
        Command command = new("top", "Shows a model on a cluster: its silos and what they hold, its speed, the use of the KV cache and the load of the experts.")
        {
            SharedOptions.Model, Interval, Once,
        };
        ClusterOptions.AddTo(command);
        command.Add(SharedOptions.Json);
        command.SetAction((parsed, _) => RunAsync(parsed));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        using InterruptHandler interrupt = new();
        await using HunyuanClient client = await ClusterOptions.ConnectAsync(parsed, interrupt.Token);
        TopSampler sampler = new(client, await client.DescribeAsync(cancellationToken: interrupt.Token));
        TimeSpan interval = TimeSpan.FromSeconds(parsed.GetValue(Interval) ?? 1);
        TextWriter output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(SharedOptions.Json))
        {
            output.WriteLine(JsonSerializer.Serialize(await sampler.SampleAsync(interrupt.Token), JsonOutput.Readable.TopResult));
            return ExitCode.Success;
        }

        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = Console.IsOutputRedirected ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = Console.IsOutputRedirected ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Out = new AnsiConsoleOutput(output),
        });
        TopResult first = await sampler.SampleAsync(interrupt.Token);
        if (parsed.GetValue(Once) || Console.IsOutputRedirected)
        {
            console.Write(TopView.Of(first));
            return ExitCode.Success;
        }

        await console.Live(TopView.Of(first)).StartAsync(async live =>
        {
            while (!interrupt.Token.IsCancellationRequested)
            {
                await Task.Delay(interval, interrupt.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!interrupt.Token.IsCancellationRequested)
                {
                    live.UpdateTarget(TopView.Of(await sampler.SampleAsync(interrupt.Token)));
                }
            }
        });
        return ExitCode.Success;
    }
}
