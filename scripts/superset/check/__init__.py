"""Whether a real Superset imports the dashboard and shows in every chart what SQL says."""
