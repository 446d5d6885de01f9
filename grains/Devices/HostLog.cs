using HunyuanOrleans.Model.Parts;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Grains.Devices;

/// <summary>Log messages about a silo's share of a model.</summary>
internal static partial class HostLog
{
    [LoggerMessage(100, LogLevel.Information, "{Holder} was loaded: {Pieces} pieces; the silo now holds {Bytes} bytes of the model's weights.")]
    public static partial void Loaded(ILogger logger, string holder, int pieces, long bytes);

    [LoggerMessage(101, LogLevel.Error, "{Holder} could not be loaded.")]
    public static partial void LoadFailed(ILogger logger, string holder, Exception fault);

    [LoggerMessage(103, LogLevel.Critical, "The device of model {Model} is lost: {Failure}")]
    public static partial void DeviceLost(ILogger logger, string model, string failure);

    [LoggerMessage(102, LogLevel.Debug, "{Piece} of model {Model} was dropped.")]
    public static partial void Dropped(ILogger logger, ModelPiece piece, string model);
}
