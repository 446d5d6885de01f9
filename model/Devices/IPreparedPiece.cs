using HunyuanOrleans.Model.Parts;

namespace HunyuanOrleans.Model.Devices;

/// <summary>A piece whose weights and K/V memory are loaded but not yet installed. Disposing it frees the memory unless it was installed.</summary>
public interface IPreparedPiece : IDisposable
{
    /// <summary>The name of the piece.</summary>
    ModelPiece Piece { get; }

    /// <summary>Installs the piece, which passes its memory to the device. Call it on the computing thread, between calls that compute.</summary>
    /// <returns>True if the piece was installed. False if it was installed already; the installed piece then stays and the new memory is freed.</returns>
    /// <exception cref="ObjectDisposedException">The piece was already installed or disposed, or the device is disposed.</exception>
    bool Install();
}
