namespace HunyuanOrleans.Cli.Pulling;

/// <summary>Pulls one file: takes up what is there, asks for the rest until all has come, checks it, and gives it its name.</summary>
/// <param name="file">The file.</param>
/// <param name="address">Where it is.</param>
/// <param name="folder">Where it goes.</param>
/// <param name="connection">The hub.</param>
/// <param name="settings">How patient to be.</param>
/// <param name="meter">Told of all bytes.</param>
internal sealed class FilePull(HubFile file, Uri address, PullFolder folder, HubConnection connection, PullSettings settings, PullMeter meter)
{
    private const int BlockBytes = 256 << 10;

    // A second time from the start tells a broken transfer from a broken file.
    private const int MostMismatches = 2;

    private long _furthest;
    private bool _moved;
    private int _mismatches;

    /// <summary>Pulls it.</summary>
    /// <exception cref="HubException">It cannot be had.</exception>
    public async Task RunAsync(Patience patience, CancellationToken cancellation)
    {
        string final = folder.Final(file);
        if (File.Exists(final) && new FileInfo(final).Length == file.Size && await Task.Run(() => PartialFile.Holds(final, file, cancellation), cancellation))
        {
            meter.Found(file.Size);
            meter.FileDone();
            return;
        }

        folder.DropOthers(file);
        using PartialFile part = await Task.Run(() => PartialFile.Open(file, folder.Part(file), cancellation), cancellation);
        meter.Found(part.Length);
        _furthest = part.Length;
        await patience.RunAsync(() => AttemptAsync(part, cancellation), Moved, cancellation);
        part.Finish(final);
        meter.FileDone();
    }

    // Only what was never reached before counts: a hub that always breaks off at the same place must not be asked for ever.
    private bool Moved()
    {
        bool moved = _moved;
        _moved = false;
        return moved;
    }

    private async Task<bool> AttemptAsync(PartialFile part, CancellationToken cancellation)
    {
        if (part.Length < file.Size)
        {
            await ReceiveAsync(part, cancellation);
        }

        if (part.Digest() == file.Digest.Hex)
        {
            return true;
        }

        string digest = part.Digest();
        Restart(part);
        throw new HubException($"{file.Path}: its {file.Digest.Name} is {digest}, and must be {file.Digest.Hex}.") { Transient = ++_mismatches < MostMismatches };
    }

    private async Task ReceiveAsync(PartialFile part, CancellationToken cancellation)
    {
        using HttpResponseMessage response = await AskAsync(part, cancellation);
        if (response.Content.Headers.ContentRange?.From is var from && (from ?? 0) != part.Length)
        {
            // Some hubs send all of it whatever is asked for.
            Restart(part);
            if (from is > 0)
            {
                throw new HubException($"{file.Path}: the hub sends it from byte {from}, which nobody asked for.") { Transient = true };
            }
        }

        using Deadline deadline = new(settings.Stall, settings.Time, cancellation);
        byte[] block = GC.AllocateUninitializedArray<byte>(BlockBytes);
        await using Stream body = await response.Content.ReadAsStreamAsync(cancellation);
        for (int count; (count = await ReadAsync(body, block, part, deadline, cancellation)) > 0; deadline.MoveOn())
        {
            Take(part, block.AsSpan(0, count));
        }

        if (part.Length < file.Size)
        {
            throw Broken("the hub ended early", part, null);
        }
    }

    private async Task<int> ReadAsync(Stream body, byte[] block, PartialFile part, Deadline deadline, CancellationToken cancellation)
    {
        try
        {
            return await body.ReadAsync(block, deadline.Token);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw Broken($"nothing came for {settings.Stall.TotalSeconds:0} s", part, e);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw Broken(e.Message, part, e);
        }
    }

    private async Task<HttpResponseMessage> AskAsync(PartialFile part, CancellationToken cancellation)
    {
        try
        {
            return await connection.GetAsync(address, part.Length, cancellation);
        }
        catch (HubException e) when (part.Length > 0 && e.RangeRefused)
        {
            Restart(part);
            throw;
        }
    }

    private void Take(PartialFile part, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > file.Size - part.Length)
        {
            Restart(part);
            throw new HubException($"{file.Path}: the hub sends more than the {file.Size} bytes it lists.") { Transient = true };
        }

        part.Append(bytes);
        meter.Received(bytes.Length);
        if (part.Length > _furthest)
        {
            (_furthest, _moved) = (part.Length, true);
        }
    }

    private void Restart(PartialFile part)
    {
        meter.Lost(part.Length);
        part.Restart();
    }

    private HubException Broken(string why, PartialFile part, Exception? cause) =>
        new($"{file.Path}: the connection broke after {part.Length} of {file.Size} bytes ({why}).", cause) { Transient = true };
}
