using HunyuanOrleans.Model.Parts;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Grains.Devices;

/// <summary>What a silo's share of a model writes to the log.</summary>
internal static partial class HostLog
{
    [LoggerMessage(100, LogLevel.Information, "{Holder} is loaded: {Pieces} pieces; the silo now holds {Bytes} bytes of the model's weights.")]
    public static partial void Loaded(ILogger logger, string holder, int pieces, long bytes);

    [LoggerMessage(101, LogLevel.Error, "{Holder} cannot be loaded.")]
    public static partial void LoadFailed(ILogger logger, string holder, Exception fault);

    [LoggerMessage(102, LogLevel.Debug, "{Piece} of model {Model} is dropped.")]
    public static partial void Dropped(ILogger logger, ModelPiece piece, string model);
}
