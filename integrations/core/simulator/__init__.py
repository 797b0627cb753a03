"""The bearing simulator: vibration signals from one oil-film and rotor model, truth included."""
