using System.Buffers;
using System.IO.Pipelines;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>
/// Reports the end of what a client sends only when everything before it was examined. Kestrel takes a body that arrives together with the end for
/// one that is not complete.
/// </summary>
/// <param name="inner">The reader of the connection. Its owner completes it.</param>
internal sealed class HalfCloseReader(PipeReader inner) : PipeReader
{
    private ReadOnlySequence<byte> _buffer;

    // Bytes that were examined and not consumed.
    private long _examined;

    /// <inheritdoc/>
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => Report(await inner.ReadAsync(cancellationToken));

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        bool read = inner.TryRead(out result);
        if (read)
        {
            result = Report(result);
        }

        return read;
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _examined = _buffer.Slice(consumed, examined).Length;
        _buffer = default;
        inner.AdvanceTo(consumed, examined);
    }

    /// <inheritdoc/>
    public override void CancelPendingRead() => inner.CancelPendingRead();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    private ReadResult Report(ReadResult result)
    {
        _buffer = result.Buffer;
        return new ReadResult(result.Buffer, result.IsCanceled, result.IsCompleted && result.Buffer.Length <= _examined);
    }
}
