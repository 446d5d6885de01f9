using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Orleans.Serialization;

namespace HunyuanOrleans.Grains.Access;

/// <summary>
/// Reads a client's connection for Orleans and checks the head of each message before Orleans sees the whole of it. After a message that no client sends,
/// the connection ends as if the client had closed it. The bytes stay where they are.
/// </summary>
/// <param name="inner">The connection; completed with this.</param>
/// <param name="serializer">Reads what the client says about itself.</param>
/// <param name="onRefused">Gets what the client did wrong, as the rest of a sentence that begins with "it".</param>
internal sealed class ClientMessageReader(PipeReader inner, Serializer serializer, Action<string> onRefused) : PipeReader
{
    // A connection begins with the length of the client's introduction, and then the introduction. Each message begins with the length of its head and of its body.
    private const int IntroductionPrefix = sizeof(int), MessagePrefix = 2 * sizeof(int);

    private ReadOnlySequence<byte> _buffer;
    private GrainId? _client;

    // Where the next message begins that was not checked, in bytes from the start of the buffer. It may lie beyond the buffer's end.
    private long _next;
    private bool _refused;

    /// <inheritdoc/>
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        _refused ? End : Check(await inner.ReadAsync(cancellationToken));

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        if (_refused)
        {
            result = End;
            return true;
        }

        bool read = inner.TryRead(out result);
        result = read ? Check(result) : result;
        return read;
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (!_refused)
        {
            _next -= _buffer.Slice(_buffer.Start, consumed).Length;
            inner.AdvanceTo(consumed, examined);
        }
    }

    /// <inheritdoc/>
    public override void CancelPendingRead() => inner.CancelPendingRead();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    private static ReadResult End => new(default, isCanceled: false, isCompleted: true);

    private ReadResult Check(ReadResult result)
    {
        _buffer = result.Buffer;
        while (!_refused && TryFindHead(out ReadOnlySequence<byte> head))
        {
            if (Refuse(head) is { } reason)
            {
                _refused = true;
                inner.AdvanceTo(_buffer.End);
                onRefused(reason);
            }
        }

        return _refused ? End : result;
    }

    /// <summary>Finds the introduction or the head of the next message, if the buffer holds the whole of it, and moves on to the message behind it.</summary>
    private bool TryFindHead(out ReadOnlySequence<byte> head)
    {
        head = default;
        int prefix = _client is null ? IntroductionPrefix : MessagePrefix;
        if (_buffer.Length < _next + prefix)
        {
            return false;
        }

        Span<byte> lengths = stackalloc byte[MessagePrefix];
        lengths.Clear();
        _buffer.Slice(_next, prefix).CopyTo(lengths);
        uint headLength = BinaryPrimitives.ReadUInt32LittleEndian(lengths), bodyLength = BinaryPrimitives.ReadUInt32LittleEndian(lengths[sizeof(int)..]);
        if (_buffer.Length < _next + prefix + headLength)
        {
            // Orleans ends connections with lengths that it does not accept.
            return false;
        }

        head = _buffer.Slice(_next + prefix, headLength);
        _next += prefix + (long)headLength + bodyLength;
        return true;
    }

    private string? Refuse(ReadOnlySequence<byte> head)
    {
        if (_client is { } client)
        {
            return ClientMessageHead.Refuse(head, client);
        }

        _client = ClientIntroduction.Read(head, serializer);
        return ClientIntroduction.Refuse(_client.Value);
    }
}
