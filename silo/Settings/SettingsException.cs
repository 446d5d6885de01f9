namespace HunyuanOrleans.Silo.Settings;

/// <summary>Settings a silo cannot run with. The message is enough for whoever gave them.</summary>
/// <param name="message">Every problem, one on a line.</param>
public sealed class SettingsException(string message) : Exception(message);
