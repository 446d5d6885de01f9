namespace HunyuanOrleans.Cli.Pulling;

/// <summary>
/// Downloads one file: resumes from the bytes that an earlier pull left, requests the rest until the file is complete, verifies its digest, and
/// gives it its final name.
/// </summary>
/// <param name="file">The file.</param>
/// <param name="address">The file's address on the hub.</param>
/// <param name="folder">The folder to write to.</param>
/// <param name="connection">Sends the requests.</param>
/// <param name="settings">Timeouts and the clock.</param>
/// <param name="progress">Counts the bytes.</param>
internal sealed class FilePull(HubFile file, Uri address, PullFolder folder, HubConnection connection, PullSettings settings, PullProgressTracker progress)
{
    private const int BlockBytes = 256 << 10;

    // A second download from the start tells a damaged transfer from a file that is wrong on the hub.
    private const int MaxMismatches = 2;

    private long _furthestLength;
    private bool _advanced;
    private int _mismatches;

    /// <summary>Downloads the file, unless a complete copy is already in the folder.</summary>
    /// <param name="retryPolicy">Decides how often failed requests are repeated.</param>
    /// <param name="cancellation">Stops the download; the bytes received so far are kept.</param>
    /// <exception cref="HubException">The file cannot be downloaded.</exception>
    public async Task RunAsync(RetryPolicy retryPolicy, CancellationToken cancellation)
    {
        string final = folder.FinalPath(file);
        if (File.Exists(final) && new FileInfo(final).Length == file.Size && await Task.Run(() => PartialFile.IsComplete(final, file, cancellation), cancellation))
        {
            progress.AddExisting(file.Size);
            progress.AddFile();
            return;
        }

        folder.DeleteStaleParts(file);
        using PartialFile part = await Task.Run(() => PartialFile.Open(file, folder.PartialPath(file), cancellation), cancellation);
        progress.AddExisting(part.Length);
        _furthestLength = part.Length;
        await retryPolicy.RunAsync(() => AttemptAsync(part, cancellation), TakeAdvanced, cancellation);
        part.Complete(final);
        progress.AddFile();
    }

    // An attempt advances only if it gets further than all attempts before it. Otherwise a hub that always breaks off at the same byte
    // would be asked forever.
    private bool TakeAdvanced()
    {
        bool advanced = _advanced;
        _advanced = false;
        return advanced;
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
        throw new HubException($"{file.Path}: its {file.Digest.Name} is {digest}, but must be {file.Digest.Hex}.") { Transient = ++_mismatches < MaxMismatches };
    }

    private async Task ReceiveAsync(PartialFile part, CancellationToken cancellation)
    {
        using HttpResponseMessage response = await RequestAsync(part, cancellation);
        if (response.Content.Headers.ContentRange?.From is var from && (from ?? 0) != part.Length)
        {
            // Some hubs ignore the requested range and send the whole file.
            Restart(part);
            if (from is > 0)
            {
                throw new HubException($"{file.Path}: the hub sends the file from byte {from}, which was not requested.") { Transient = true };
            }
        }

        using IdleTimeout timeout = new(settings.StallTimeout, settings.Time, cancellation);
        byte[] block = GC.AllocateUninitializedArray<byte>(BlockBytes);
        await using Stream body = await response.Content.ReadAsStreamAsync(cancellation);
        for (int count; (count = await ReadAsync(body, block, part, timeout, cancellation)) > 0; timeout.Restart())
        {
            Append(part, block.AsSpan(0, count));
        }

        if (part.Length < file.Size)
        {
            throw ConnectionBroke("the hub ended the response early", part, null);
        }
    }

    private async Task<int> ReadAsync(Stream body, byte[] block, PartialFile part, IdleTimeout timeout, CancellationToken cancellation)
    {
        try
        {
            return await body.ReadAsync(block, timeout.Token);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw ConnectionBroke($"no data arrived for {settings.StallTimeout.TotalSeconds:0} s", part, e);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw ConnectionBroke(e.Message, part, e);
        }
    }

    private async Task<HttpResponseMessage> RequestAsync(PartialFile part, CancellationToken cancellation)
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

    private void Append(PartialFile part, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > file.Size - part.Length)
        {
            Restart(part);
            throw new HubException($"{file.Path}: the hub sends more than the {file.Size} bytes it lists.") { Transient = true };
        }

        part.Append(bytes);
        progress.AddReceived(bytes.Length);
        if (part.Length > _furthestLength)
        {
            (_furthestLength, _advanced) = (part.Length, true);
        }
    }

    private void Restart(PartialFile part)
    {
        progress.AddDiscarded(part.Length);
        part.Restart();
    }

    private HubException ConnectionBroke(string why, PartialFile part, Exception? cause) =>
        new($"{file.Path}: the connection broke after {part.Length} of {file.Size} bytes ({why}).", cause) { Transient = true };
}
