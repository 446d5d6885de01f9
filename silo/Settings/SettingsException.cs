namespace HunyuanOrleans.Silo.Settings;

/// <summary>The settings are wrong, so the silo cannot start. The message is shown without a stack trace.</summary>
/// <param name="message">Every problem, one on a line.</param>
public sealed class SettingsException(string message) : Exception(message);
