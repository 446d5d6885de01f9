using System.Runtime.InteropServices;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>
/// Turns Ctrl-C and a polite request to end into the cancellation of one piece of work, for as long as it lives. A second Ctrl-C while
/// the first is being obeyed ends the process the ordinary way.
/// </summary>
internal sealed class InterruptHandler : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration _int;
    private readonly PosixSignalRegistration _term;

    /// <summary>Starts listening.</summary>
    public InterruptHandler()
    {
        _int = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        _term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    }

    /// <summary>Cancelled once the user asked to stop.</summary>
    public CancellationToken Token => _source.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        _int.Dispose();
        _term.Dispose();
        // The source is left to the collector: a signal may be on its way to Stop just now.
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
