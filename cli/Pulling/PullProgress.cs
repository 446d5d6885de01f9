using HunyuanOrleans.Cli.Output;

namespace HunyuanOrleans.Cli.Pulling;

/// <summary>How far a pull is.</summary>
/// <param name="Done">Bytes there.</param>
/// <param name="Total">All bytes.</param>
/// <param name="FilesDone">Files that are whole.</param>
/// <param name="Files">All files.</param>
/// <param name="BytesPerSecond">Speed of the network.</param>
/// <param name="Left">How long it will still take; null where nothing moves.</param>
internal sealed record PullProgress(long Done, long Total, int FilesDone, int Files, double BytesPerSecond, TimeSpan? Left)
{
    /// <summary>Files and time for beside a bar.</summary>
    public string Note => $"{FilesDone}/{Files} files, {TimeLeft}";

    /// <summary>All of it, for a log.</summary>
    public string Line => $"{Units.Bytes(Done)} of {Units.Bytes(Total)}, {FilesDone}/{Files} files, {Units.Bytes(BytesPerSecond)}/s, {TimeLeft}";

    private string TimeLeft => Left switch
    {
        null => "time left unknown",
        { TotalHours: >= 1 } left => $"{(int)left.TotalHours} h {left.Minutes} min left",
        { TotalMinutes: >= 1 } left => $"{left.Minutes} min {left.Seconds} s left",
        { } left => $"{Math.Ceiling(left.TotalSeconds):0} s left",
    };
}
