using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Server.Generation;

/// <summary>Sends how far the prompt of a choice is computed, whenever that has changed, until its first token.</summary>
internal sealed class ProgressReporter : IAsyncDisposable
{
    // Often enough for a bar that moves, and rarely enough to cost nothing.
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private readonly RunningChoice _choice;
    private readonly int? _index;
    private readonly EventConnection _events;
    private readonly ChunkWriter _chunks;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _reports;
    private PromptProgress? _sent;

    /// <summary>Starts to report.</summary>
    /// <param name="choice">The choice.</param>
    /// <param name="index">Its index in the response; null if the response has only one choice.</param>
    /// <param name="events">The connection.</param>
    /// <param name="chunks">Writes the events.</param>
    /// <param name="time">The clock.</param>
    public ProgressReporter(RunningChoice choice, int? index, EventConnection events, ChunkWriter chunks, TimeProvider time)
    {
        _choice = choice;
        _index = index;
        _events = events;
        _chunks = chunks;
        _time = time;
        _reports = ReportAsync();
    }

    /// <summary>Reports the end of the prompt. Call it when the first token has come.</summary>
    public async ValueTask CompleteAsync()
    {
        await _end.CancelAsync();
        await _reports;
        await SendAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _reports.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    private async Task ReportAsync()
    {
        using PeriodicTimer timer = new(Interval, _time);
        try
        {
            do
            {
                await SendAsync();
            }
            while (await timer.WaitForNextTickAsync(_end.Token));
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
        }
    }

    private async ValueTask SendAsync()
    {
        PromptProgress? progress = _choice.Progress;
        if (progress is null || (progress.Cached, progress.Processed) == (_sent?.Cached, _sent?.Processed))
        {
            return;
        }

        _sent = progress;
        await _events.LockAsync(CancellationToken.None);
        try
        {
            _chunks.WriteProgress(progress, _index);
            await _events.FlushAsync();
        }
        finally
        {
            _events.Release();
        }
    }
}
