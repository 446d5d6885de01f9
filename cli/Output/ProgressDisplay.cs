using Spectre.Console;

namespace HunyuanOrleans.Cli.Output;

/// <summary>Receives the progress of an operation. May be called from any thread.</summary>
/// <param name="done">Number of units done.</param>
/// <param name="total">Number of all units.</param>
/// <param name="note">Text to show beside the bar; null leaves the text as it is.</param>
internal delegate void ProgressReport(long done, long total, string? note = null);

/// <summary>Shows a progress bar on the error stream of an interactive terminal, and nothing elsewhere.</summary>
internal static class ProgressDisplay
{
    /// <summary>Runs an operation and shows its progress.</summary>
    /// <param name="title">The text before the bar.</param>
    /// <param name="bytes">Whether the units are bytes; the speed is shown too then.</param>
    /// <param name="work">The operation; it reports its progress to its argument.</param>
    public static T Run<T>(string title, bool bytes, Func<ProgressReport, T> work) =>
        TerminalFeatures.IsInteractive ? CreateBar(bytes).Start(context => work(CreateReport(context, title))) : work((_, _, _) => { });

    /// <summary>Runs an asynchronous operation and shows its progress.</summary>
    /// <param name="title">The text before the bar.</param>
    /// <param name="bytes">Whether the units are bytes; the speed is shown too then.</param>
    /// <param name="work">The operation; it reports its progress to its argument.</param>
    public static Task RunAsync(string title, bool bytes, Func<ProgressReport, Task> work) =>
        TerminalFeatures.IsInteractive ? CreateBar(bytes).StartAsync(context => work(CreateReport(context, title))) : work((_, _, _) => { });

    private static Progress CreateBar(bool bytes)
    {
        List<ProgressColumn> columns =
            [new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn()];
        columns.AddRange(bytes
            ? [new DownloadedColumn { Culture = System.Globalization.CultureInfo.InvariantCulture }, new TransferSpeedColumn(), new RemainingTimeColumn()]
            : [new RemainingTimeColumn()]);
        return CreateErrorConsole().Progress().AutoClear(true).Columns([.. columns]);
    }

    private static ProgressReport CreateReport(ProgressContext context, string title)
    {
        ProgressTask task = context.AddTask(Markup.Escape(title));
        return (done, total, note) =>
        {
            task.MaxValue = Math.Max(1, total);
            task.Value = done;
            if (note is not null)
            {
                task.Description = Markup.Escape($"{title} {note}");
            }
        };
    }

    private static IAnsiConsole CreateErrorConsole() =>
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
}
