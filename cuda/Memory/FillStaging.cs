namespace HunyuanOrleans.Cuda.Memory;

/// <summary>Writes a part of an upload.</summary>
/// <param name="offset">Offset of the part from the start of the upload, in bytes.</param>
/// <param name="part">Receives the bytes. All of them must be written: the memory holds bytes of earlier uploads.</param>
public delegate void FillStaging(long offset, Span<byte> part);
