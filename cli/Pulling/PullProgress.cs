using HunyuanOrleans.Cli.Output;

namespace HunyuanOrleans.Cli.Pulling;

/// <summary>The progress of a pull.</summary>
/// <param name="Done">Bytes on disk.</param>
/// <param name="Total">Size of all files in bytes.</param>
/// <param name="FilesDone">Number of complete files.</param>
/// <param name="Files">Number of files.</param>
/// <param name="BytesPerSecond">Bytes received from the network per second.</param>
/// <param name="Left">Estimated time left; null if nothing is received.</param>
internal sealed record PullProgress(long Done, long Total, int FilesDone, int Files, double BytesPerSecond, TimeSpan? Left)
{
    /// <summary>Files and time left, to show beside a progress bar.</summary>
    public string Note => $"{FilesDone}/{Files} files, {TimeLeft}";

    /// <summary>The whole progress as one line of a log.</summary>
    public string Line => $"{Units.Bytes(Done)} of {Units.Bytes(Total)}, {FilesDone}/{Files} files, {Units.Bytes(BytesPerSecond)}/s, {TimeLeft}";

    private string TimeLeft => Left switch
    {
        null => "time left unknown",
        { TotalHours: >= 1 } left => $"{(int)left.TotalHours} h {left.Minutes} min left",
        { TotalMinutes: >= 1 } left => $"{left.Minutes} min {left.Seconds} s left",
        { } left => $"{Math.Ceiling(left.TotalSeconds):0} s left",
    };
}
