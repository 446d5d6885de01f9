using System.Globalization;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Requests;

namespace HunyuanOrleans.Cli.Output;

/// <summary>Shows how far a long prompt is computed, on an interactive terminal.</summary>
internal static class PromptDisplay
{
    // Most prompts take less, and a bar that appears for a moment only disturbs.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1), Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits for the first token, or for the end of an answer without one.</summary>
    /// <param name="answer">The answer, which nobody reads yet. Its request reports progress.</param>
    public static async Task WaitAsync(ChoiceStream answer)
    {
        Task first = answer.WaitAsync().AsTask();
        if (await Task.WhenAny(first, Task.Delay(Patience)) != first)
        {
            await ProgressDisplay.RunAsync("Prompt", bytes: false, async report =>
            {
                while (await Task.WhenAny(first, Task.Delay(Interval)) != first)
                {
                    if (answer.Progress is PromptProgress progress)
                    {
                        report(progress.Processed, progress.Total, string.Create(
                            CultureInfo.InvariantCulture, $"{progress.Processed:N0} of {progress.Total:N0} tokens"));
                    }
                }
            });
        }

        await first;
    }
}
