using System.Runtime.InteropServices;

namespace HunyuanOrleans.Cli.Output;

/// <summary>
/// The output or error stream of the process. Unlike the console's own streams, which pretend that nothing happened, it throws if the reader of a pipe
/// has gone, so that the work ends.
/// </summary>
internal sealed class StandardStream : Stream
{
    private const int OutputDescriptor = 1, ErrorDescriptor = 2;

    // Numbers of errors. The last one differs between Linux and the BSDs, macOS among them.
    private const int Interrupted = 4, BrokenPipe = 32, WouldBlockOnLinux = 11, WouldBlockOnBsd = 35;

    // Another process that shares the terminal may have made it non-blocking. Then a write must be repeated until there is room.
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(1);

    private readonly int _descriptor;

    private StandardStream(int descriptor) => _descriptor = descriptor;

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Opens the output stream.</summary>
    public static Stream OpenOutput() => OperatingSystem.IsWindows() ? Console.OpenStandardOutput() : new StandardStream(OutputDescriptor);

    /// <summary>Opens the error stream.</summary>
    public static Stream OpenError() => OperatingSystem.IsWindows() ? Console.OpenStandardError() : new StandardStream(ErrorDescriptor);

    /// <inheritdoc/>
    /// <exception cref="ClosedPipeException">The reader of the pipe has gone.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            nint written = WriteTo(_descriptor, in MemoryMarshal.GetReference(buffer), (nuint)buffer.Length);
            if (written >= 0)
            {
                buffer = buffer[(int)written..];
                continue;
            }

            int error = Marshal.GetLastPInvokeError();
            switch (error)
            {
                case Interrupted:
                    break;
                case WouldBlockOnLinux or WouldBlockOnBsd:
                    Thread.Sleep(RetryDelay);
                    break;
                case BrokenPipe:
                    throw new ClosedPipeException();
                default:
                    throw new IOException(Marshal.GetPInvokeErrorMessage(error), error);
            }
        }
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    [DllImport("libc", EntryPoint = "write", SetLastError = true)]
    private static extern nint WriteTo(int descriptor, in byte buffer, nuint count);
}
