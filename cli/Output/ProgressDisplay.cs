using Spectre.Console;

namespace HunyuanOrleans.Cli.Output;

/// <summary>Told how far a piece of work is; may be called from any thread.</summary>
/// <param name="done">Units done.</param>
/// <param name="total">All units.</param>
/// <param name="note">What to show beside the bar, or null to leave it.</param>
internal delegate void ProgressReport(long done, long total, string? note = null);

/// <summary>A progress bar on the error stream where a person watches, nothing elsewhere. It does not know what is counted.</summary>
internal static class ProgressDisplay
{
    /// <summary>Does the work while showing its progress.</summary>
    /// <param name="title">What is being done.</param>
    /// <param name="bytes">Whether the units are bytes; then speed is shown too.</param>
    /// <param name="work">The work; gets where to report to.</param>
    public static T Run<T>(string title, bool bytes, Func<ProgressReport, T> work) =>
        TerminalFeatures.Rich ? Bar(bytes).Start(context => work(Report(context, title))) : work((_, _, _) => { });

    /// <summary>Does the work while showing its progress.</summary>
    /// <param name="title">What is being done.</param>
    /// <param name="bytes">Whether the units are bytes; then speed is shown too.</param>
    /// <param name="work">The work; gets where to report to.</param>
    public static Task RunAsync(string title, bool bytes, Func<ProgressReport, Task> work) =>
        TerminalFeatures.Rich ? Bar(bytes).StartAsync(context => work(Report(context, title))) : work((_, _, _) => { });

    private static Progress Bar(bool bytes)
    {
        List<ProgressColumn> columns =
            [new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn()];
        columns.AddRange(bytes
            ? [new DownloadedColumn { Culture = System.Globalization.CultureInfo.InvariantCulture }, new TransferSpeedColumn()]
            : [new RemainingTimeColumn()]);
        return ErrorConsole().Progress().AutoClear(true).Columns([.. columns]);
    }

    private static ProgressReport Report(ProgressContext context, string title)
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

    private static IAnsiConsole ErrorConsole() =>
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
}
