using System.Runtime.InteropServices;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>
/// Cancels an operation on SIGINT (Ctrl-C) or SIGTERM, until the handler is disposed. A second signal ends the process in the default way.
/// </summary>
internal sealed class InterruptHandler : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration _int;
    private readonly PosixSignalRegistration _term;

    /// <summary>Starts handling signals.</summary>
    public InterruptHandler()
    {
        _int = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        _term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    }

    /// <summary>Cancelled when a signal arrives.</summary>
    public CancellationToken Token => _source.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        _int.Dispose();
        _term.Dispose();
        // The token source is not disposed, because Stop may be running on another thread.
    }

    private void Stop(PosixSignalContext context)
    {
        if (!_source.IsCancellationRequested)
        {
            context.Cancel = true;
            _source.Cancel();
        }
    }
}
